package weights

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// isTorchZip says whether a file is a zip archive. The first bytes of one could also be the length of a safetensors
// header, of 67 MB; but that begins with a brace, and a zip's ninth byte is a number.
func isTorchZip(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) && len(data) > 8 && data[8] != '{'
}

// maxPickle bounds the pickle in an archive, which holds names and places, not numbers.
const maxPickle = 32 << 20

// readTorchZip reads what torch.save writes since PyTorch 1.6: NAME/data.pkl, NAME/data/KEY for each storage,
// NAME/version, and in later versions NAME/byteorder.
func readTorchZip(data []byte) (any, error) {
	entries, err := readZip(data)
	if err != nil {
		return nil, err
	}
	root := ""
	for name := range entries {
		folder, file, _ := strings.Cut(name, "/")
		if file == "data.pkl" {
			if root != "" {
				return nil, errors.New("the zip archive holds two files data.pkl")
			}
			root = folder + "/"
		}
	}
	if root == "" {
		return nil, errors.New("the zip archive holds no data.pkl, so it is not a file that torch.save has written")
	}
	if entries[root+"data.pkl"].size > maxPickle {
		return nil, fmt.Errorf("data.pkl has %d bytes, the limit is %d", entries[root+"data.pkl"].size, maxPickle)
	}
	if _, ok := entries[root+"constants.pkl"]; ok {
		return nil, refusedError{"__torch__", "program"}
	}
	program, err := entries[root+"data.pkl"].content()
	if err != nil {
		return nil, err
	}
	big := false
	if record, ok := entries[root+"byteorder"]; ok {
		switch order, err := record.content(); {
		case err != nil:
			return nil, err
		case string(order) == "big":
			big = true
		case string(order) != "little":
			return nil, fmt.Errorf("its byte order is %.20q, neither little nor big", order)
		}
	}
	c := newCheckpoint(program)
	c.locate = func(s *storage) error {
		entry, ok := entries[root+"data/"+s.key]
		switch {
		case !ok:
			return fmt.Errorf("storage %.40q is not in the archive: it is damaged, fetch it again", s.key)
		case entry.size < s.numel*s.dtype.Size():
			return fmt.Errorf("storage %.40q has %d bytes, not the %d of its %d elements: the file is damaged, fetch it again",
				s.key, entry.size, s.numel*s.dtype.Size(), s.numel)
		}
		s.big = big
		if entry.stored {
			s.bytes = entry.packed
		} else {
			s.fetch = sync.OnceValues(entry.content) // once, however many tensors share it
		}
		return nil
	}
	return c.decoder.Decode()
}

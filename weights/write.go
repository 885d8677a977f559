package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gestalt-vision/gestalt/internal/atomicfile"
)

// Write writes a safetensors file, and the folders above it where they are missing. It writes to a temporary file, which
// is flushed to the disk and then renamed, so that path holds either what it held before or the whole of the new file.
// metadata may be nil.
//
// The bytes are a function of the tensors alone, whatever their order: wider types first, then by name, as the reference
// implementation writes them, the metadata sorted by key.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return Encode(w, tensors, metadata) })
	if err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// Encode writes the bytes of a safetensors file to w. The header is padded with spaces so that the tensors begin at a
// multiple of 8.
func Encode(w io.Writer, tensors []Tensor, metadata map[string]string) error {
	tensors = slices.Clone(tensors)
	slices.SortFunc(tensors, func(a, b Tensor) int {
		return cmp.Or(cmp.Compare(b.DType.rank(), a.DType.rank()), cmp.Compare(a.Name, b.Name))
	})
	header, err := encodeHeader(tensors, metadata)
	if err != nil {
		return err
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))); err != nil {
		return err
	}
	if _, err := w.Write(header); err != nil {
		return err
	}
	for _, t := range tensors {
		if _, err := w.Write(t.Data); err != nil {
			return err
		}
	}
	return nil
}

func encodeHeader(tensors []Tensor, metadata map[string]string) ([]byte, error) {
	header := &bytes.Buffer{}
	comma := byte('{')
	entry := func(key string, value any) error {
		header.WriteByte(comma)
		comma = ','
		for i, v := range []any{key, value} {
			if i == 1 {
				header.WriteByte(':')
			}
			text, err := marshal(v)
			if err != nil {
				return err
			}
			header.Write(text)
		}
		return nil
	}
	if metadata != nil {
		for key, value := range metadata {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, fmt.Errorf("metadata %q is not valid UTF-8", key)
			}
		}
		if err := entry(metadataKey, metadata); err != nil { // encoding/json sorts a map's keys
			return nil, err
		}
	}
	offset, seen := 0, map[string]bool{metadataKey: true}
	for _, t := range tensors {
		size, err := byteSize(t.DType, t.Shape)
		switch {
		case err != nil:
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		case !utf8.ValidString(t.Name):
			return nil, fmt.Errorf("tensor name %q is not valid UTF-8", t.Name)
		case seen[t.Name]:
			return nil, fmt.Errorf("tensor name %q is taken", t.Name)
		case t.DType.Size() == 0:
			return nil, fmt.Errorf("tensor %q: element type %q is not known", t.Name, string(t.DType))
		case len(t.Shape) > maxRank:
			return nil, fmt.Errorf("tensor %q: %d axes, the limit is %d", t.Name, len(t.Shape), maxRank)
		case size != len(t.Data):
			return nil, fmt.Errorf("tensor %q: shape %v of %s takes %d bytes, not %d", t.Name, t.Shape, t.DType, size, len(t.Data))
		}
		seen[t.Name] = true
		if err := entry(t.Name, struct {
			DType   DType  `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}{t.DType, append([]int{}, t.Shape...), [2]int{offset, offset + size}}); err != nil {
			return nil, err
		}
		offset += size
	}
	if comma == '{' {
		header.WriteByte('{')
	}
	header.WriteByte('}')
	for header.Len()%8 != 0 {
		header.WriteByte(' ')
	}
	if header.Len() > maxHeader {
		return nil, fmt.Errorf("the header would be %d bytes, the limit is %d", header.Len(), maxHeader)
	}
	return header.Bytes(), nil
}

// marshal is json.Marshal without the escapes that protect HTML pages.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

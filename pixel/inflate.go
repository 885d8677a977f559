package pixel

import (
	"bytes"
	"compress/zlib"
	"io"
)

const inflatePadding, inflateSlack = 0, 0

func inflateZlib(dst []byte, n int, src []byte) error {
	r, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		return FormatError("the compressed data: " + err.Error())
	}
	if _, err := io.ReadFull(r, dst[:n]); err != nil {
		return FormatError("the compressed data: " + err.Error())
	}
	var more [1]byte
	if k, err := r.Read(more[:]); k > 0 || err != io.EOF {
		return FormatError("the compressed data do not end where the picture does")
	}
	return nil
}

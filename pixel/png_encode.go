package pixel

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"sync"
)

// pngEncoders lends the buffers of the standard library's encoder.
type pngEncoders struct{ pool sync.Pool }

func (p *pngEncoders) Get() *png.EncoderBuffer {
	b, _ := p.pool.Get().(*png.EncoderBuffer)
	return b
}

func (p *pngEncoders) Put(b *png.EncoderBuffer) { p.pool.Put(b) }

var (
	pngEncoder = png.Encoder{BufferPool: new(pngEncoders)}
	pngPixels  = sync.Pool{New: func() any { return new([]byte) }}
)

// EncodePNG writes the picture as an 8-bit PNG: grey, RGB, or RGBA (as RGB when
// all of it is opaque). The same picture always gives the same bytes with the
// same version of Go. An error is the writer's, or says that the picture is
// empty.
func EncodePNG(w io.Writer, m *Image) error {
	if m.W <= 0 || m.H <= 0 || len(m.Pix) != m.W*m.H*m.C {
		return errors.New("PNG: a picture without pixels can't be encoded")
	}
	r := image.Rect(0, 0, m.W, m.H)
	var src image.Image
	switch m.C {
	case 1:
		src = &image.Gray{Pix: m.Pix, Stride: m.W, Rect: r}
	case 3:
		// The encoder has a fast path for four channels (and writes three when all
		// is opaque), none for three.
		buf := pngPixels.Get().(*[]byte)
		defer pngPixels.Put(buf)
		*buf = grow(*buf, m.W*m.H*4)
		opaque(*buf, m.Pix)
		src = &image.NRGBA{Pix: *buf, Stride: 4 * m.W, Rect: r}
	case 4:
		src = &image.NRGBA{Pix: m.Pix, Stride: 4 * m.W, Rect: r}
	default:
		return fmt.Errorf("PNG: a picture of %d channels can't be encoded", m.C)
	}
	if err := pngEncoder.Encode(w, src); err != nil {
		return fmt.Errorf("PNG: %w", err)
	}
	return nil
}

// opaque spreads RGB into RGBA.
func opaque(dst, src []byte) {
	for len(src) >= 3 && len(dst) >= 4 {
		dst[0], dst[1], dst[2], dst[3] = src[0], src[1], src[2], 255
		dst, src = dst[4:], src[3:]
	}
}

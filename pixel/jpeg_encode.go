package pixel

import (
	"fmt"
	"image"
	"image/jpeg"
	"io"
)

// EncodeJPEG writes m as a baseline JPEG file: grey for one channel, otherwise YCbCr with chroma of half width and
// height. An alpha channel is dropped, as RGB does. quality is 1 (small) to 100 (good), on libjpeg's scale. The
// encoder is the standard library's. Pictures wider or higher than 65,535 pixels, or empty, are an error.
func EncodeJPEG(w io.Writer, m *Image, quality int) error {
	if quality < 1 || quality > 100 {
		return fmt.Errorf("encoding JPEG: quality %d is not within 1..100", quality)
	}
	if m.W < 1 || m.H < 1 {
		return fmt.Errorf("encoding JPEG: a picture of %d x %d pixels", m.W, m.H)
	}
	bounds := image.Rect(0, 0, m.W, m.H)
	var src image.Image
	switch m.C {
	case 1:
		src = &image.Gray{Pix: m.Pix, Stride: m.W, Rect: bounds}
	case 3, 4:
		// The encoder reads the first three bytes of each four.
		pix := m.Pix
		if m.C == 3 {
			pix = make([]byte, 4*m.W*m.H)
			for i, j := 0, 0; j < len(m.Pix); i, j = i+4, j+3 {
				copy(pix[i:i+3], m.Pix[j:j+3])
			}
		}
		src = &image.RGBA{Pix: pix, Stride: 4 * m.W, Rect: bounds}
	default:
		return fmt.Errorf("encoding JPEG: a picture of %d channels", m.C)
	}
	if err := jpeg.Encode(w, src, &jpeg.Options{Quality: quality}); err != nil {
		return fmt.Errorf("encoding JPEG: %w", err)
	}
	return nil
}

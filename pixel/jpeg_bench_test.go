package pixel

import (
	"bytes"
	"image/jpeg"
	"testing"
)

// benchmarkPhotographs runs decode over 64 photographs and reports megapixels a second.
func benchmarkPhotographs(b *testing.B, decode func(data []byte) (pixels int)) {
	var files [][]byte
	eachSamplePhotograph(b, func(_ string, data []byte) bool {
		files = append(files, data)
		return len(files) < 64
	})
	pixels := 0
	for b.Loop() {
		for _, data := range files {
			pixels += decode(data)
		}
	}
	b.ReportMetric(float64(pixels)/1e6/b.Elapsed().Seconds(), "Mpx/s")
}

func BenchmarkDecodeJPEG(b *testing.B) {
	benchmarkPhotographs(b, func(data []byte) int {
		m, _, err := DecodeJPEG(data)
		if err != nil {
			b.Fatal(err)
		}
		return m.W * m.H
	})
}

// BenchmarkImageJPEG is the standard library's decoder on the same files, without the conversion to RGB that its
// result still needs.
func BenchmarkImageJPEG(b *testing.B) {
	benchmarkPhotographs(b, func(data []byte) int {
		m, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			b.Fatal(err)
		}
		return m.Bounds().Dx() * m.Bounds().Dy()
	})
}

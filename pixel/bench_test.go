//go:build unix

package pixel

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"image/png"
	"syscall"
	"testing"
)

// Our side of bench/pixel.sh; bench/pixel.py has the same cases. Both report the
// CPU time of the whole process, so that garbage collection counts and a busy
// machine does not.

// benchmarkCPU runs f and reports its milliseconds of CPU time.
func benchmarkCPU(b *testing.B, f func()) {
	before := cpuMilliseconds(b)
	for b.Loop() {
		f()
	}
	b.ReportMetric((cpuMilliseconds(b)-before)/float64(b.N), "cpu-ms/op")
}

// cpuMilliseconds is the CPU time that the process has spent so far.
func cpuMilliseconds(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
}

func BenchmarkResize(b *testing.B) {
	for _, c := range []struct {
		size              string
		w, h, c, toW, toH int
	}{
		{"500x375-341x256", 500, 375, 3, 341, 256},
		{"4000x3000-341x256", 4000, 3000, 3, 341, 256},
		{"224x224-448x448", 224, 224, 3, 448, 448},
		{"grey-500x375-341x256", 500, 375, 1, 341, 256},
		{"rgba-500x375-341x256", 500, 375, 4, 341, 256},
	} {
		m := generated(2, c.w, c.h, c.c)
		for f := Nearest; f <= Lanczos; f++ {
			b.Run(fmt.Sprintf("%s/%v", c.size, f), func(b *testing.B) {
				benchmarkCPU(b, func() { Resize(m, c.toW, c.toH, f) })
			})
		}
	}
}

// benchmarkDecode decodes all files with our decoder and the standard library's.
func benchmarkDecode(b *testing.B, files [][]byte, ours, standard func(data []byte) error) {
	for _, c := range []struct {
		name   string
		decode func(data []byte) error
	}{{"gestalt", ours}, {"standard", standard}} {
		b.Run(c.name, func(b *testing.B) {
			benchmarkCPU(b, func() {
				for _, data := range files {
					if err := c.decode(data); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkDecodeJPEG decodes 64 photographs. The standard library leaves them in
// Y'CbCr, without the conversion to RGB that its result still needs.
func BenchmarkDecodeJPEG(b *testing.B) {
	var files [][]byte
	eachSamplePhotograph(b, func(_ string, data []byte) bool {
		files = append(files, data)
		return len(files) < 64
	})
	benchmarkDecode(b, files,
		func(data []byte) error { _, _, err := DecodeJPEG(data); return err },
		func(data []byte) error { _, err := jpeg.Decode(bytes.NewReader(data)); return err })
}

// BenchmarkDecodePNG decodes cue-conflict pictures, 224 x 224 RGB.
func BenchmarkDecodePNG(b *testing.B) {
	benchmarkDecode(b, cueConflict(b),
		func(data []byte) error { _, _, err := DecodePNG(data); return err },
		func(data []byte) error { _, err := png.Decode(bytes.NewReader(data)); return err })
}

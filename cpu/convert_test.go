package cpu

import (
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes/float16"
)

// TestNarrow rounds every float16, the points half way to the next and their
// neighbours.
func TestNarrow(t *testing.T) {
	for h := range 0x7c00 {
		at, next := float16.Float16(h).Float32(), float16.Float16(h+1).Float32()
		if h == 0x7bff {
			next = 65536
		}
		half := (at + next) / 2
		even := h + h&1
		for _, test := range []struct {
			x    float32
			want int
		}{
			{at, h}, {half, even}, {math.Nextafter32(half, 0), h}, {math.Nextafter32(half, next), h + 1},
		} {
			if got := int(narrow(test.x)); got != test.want {
				t.Fatalf("%v becomes %#x, want %#x", test.x, got, test.want)
			}
			if got := int(narrow(-test.x)); got != test.want|0x8000 {
				t.Fatalf("%v becomes %#x, want %#x", -test.x, got, test.want|0x8000)
			}
		}
	}
	if got := narrow(float32(math.Inf(1))); got != 0x7c00 {
		t.Errorf("infinity becomes %#x", got)
	}
	if got := narrow(float32(math.NaN())).Float32(); got == got {
		t.Errorf("NaN becomes %v", got)
	}
}

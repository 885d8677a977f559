//go:build !noasm

package pixel

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestUnfilterAssembly(t *testing.T) {
	if !hasAVX2 {
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(13, 14))
	for i := range 2000 {
		bpp := 3 + i%2
		n := bpp * (1 + r.IntN(50))
		both := make([]byte, 2*(n+1)) // a row, a byte that must stay as it is, twice
		for i := range both {
			both[i] = byte(r.Uint32()) * byte(r.Uint32()&1)
		}
		want := bytes.Clone(both)
		unfilterPaeth(want[:n], want[n+1:][:n], bpp)
		if !unfilterPaethFast(both[:n], both[n+1:][:n], bpp) {
			t.Fatalf("%d bytes of %d were not done", n, bpp)
		}
		if !bytes.Equal(both, want) {
			t.Fatalf("%d bytes of %d: the assembly gives something else", n, bpp)
		}
		three := bytes.Clone(want)
		again := bytes.Clone(want)
		unfilterPaeth(three[:n], three[n+1:][:n], 3)
		unfilterPaeth3(again[:n], again[n+1:][:n])
		if bpp == 3 && !bytes.Equal(three, again) {
			t.Fatalf("%d bytes: the loop for RGB gives something else", n)
		}
	}
}

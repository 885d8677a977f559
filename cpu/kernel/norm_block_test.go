package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// byName are the loops by name.
func (l normLoops) byName() map[string]func(b *normBlock) {
	return map[string]func(b *normBlock){"moments": l.moments, "apply": l.apply, "applyAdd": l.applyAdd, "sums": l.sums,
		"sumsGated": l.sumsGated, "sumsAdd": l.sumsAdd, "gradient": l.gradient, "gradientGated": l.gradientGated}
}

func newNormBlock(r *rand.Rand, n int) *normBlock {
	b := &normBlock{n: n, lo: -0.5, hi: 1}
	for _, v := range b.operands() {
		*v = floats(r, n)
	}
	return b
}

func (b *normBlock) operands() []*[]float32 {
	return []*[]float32{&b.x, &b.dy, &b.add, &b.out, &b.mean, &b.scale, &b.offset, &b.k, &b.q, &b.r, &b.sum, &b.sumX}
}

// copied gives a block with operands of its own, as long as before or with room
// after them.
func (b *normBlock) copied(room int) *normBlock {
	c := *b
	for _, v := range c.operands() {
		*v = append(make([]float32, 0, b.n+room), *v...)
	}
	return &c
}

// diffNormLoops compares the loops of the instruction set in use with those in Go.
// These round products separately, which can put a y on the other side of a gate's edge.
func diffNormLoops(b *normBlock) error {
	for i := range b.n {
		for _, y := range []float32{b.y(i), b.y(i) + b.add[i]} {
			for _, edge := range []float32{0, b.hi} {
				if d := y - edge; d < 1e-5 && d > -1e-5 {
					b.offset[i] += 0.25
				}
			}
		}
	}
	const room = 32
	want := normGeneric.byName()
	for name, loop := range current.Load().norm.byName() {
		got, plain := b.copied(room), b.copied(0)
		for _, v := range got.operands() {
			for i := range room {
				(*v)[:b.n+room][b.n+i] = 123
			}
		}
		loop(got)
		want[name](plain)
		for k, v := range got.operands() {
			for i, want := range *plain.operands()[k] {
				if d := (*v)[i] - want; !(d <= 2e-5 && d >= -2e-5) {
					return fmt.Errorf("%s of %d: element %d of operand %d is %v, want %v", name, b.n, i, k, (*v)[i], want)
				}
			}
			for i := range room {
				if (*v)[:b.n+room][b.n+i] != 123 {
					return fmt.Errorf("%s of %d: wrote to element %d of operand %d", name, b.n, b.n+i, k)
				}
			}
		}
	}
	return nil
}

func TestNormLoopsEqualGeneric(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(4, 4))
		for n := range 150 {
			if err := diffNormLoops(newNormBlock(r, n)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzNormLoops(f *testing.F) {
	f.Add(uint64(1), uint16(1))
	f.Add(uint64(2), uint16(777))
	f.Fuzz(func(t *testing.T, seed uint64, n uint16) {
		eachISA(t, func(t *testing.T) {
			if err := diffNormLoops(newNormBlock(rand.New(rand.NewPCG(seed, 5)), int(n%2000))); err != nil {
				t.Fatal(err)
			}
		})
	})
}

// TestNormLoopsGiveTheSameBits: AVX-512 and AVX2 round alike.
func TestNormLoopsGiveTheSameBits(t *testing.T) {
	if len(available) < 3 {
		t.Skip("no AVX-512")
	}
	b := newNormBlock(rand.New(rand.NewPCG(6, 6)), 203)
	second := available[1].norm.byName()
	for name, loop := range available[0].norm.byName() {
		one, two := b.copied(0), b.copied(0)
		loop(one)
		second[name](two)
		for k, v := range one.operands() {
			if i := firstDifference(*v, *two.operands()[k]); i >= 0 {
				t.Errorf("%s: element %d of operand %d: %v and %v", name, i, k, (*v)[i], (*two.operands()[k])[i])
			}
		}
	}
}

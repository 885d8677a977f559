package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// vectors is what differs between the instruction sets in loops that are
// otherwise alike.
type vectors int

const (
	avx2 vectors = iota
	avx512
)

func (v vectors) String() string { return [...]string{"AVX2", "AVX512"}[v] }
func (v vectors) lanes() int     { return [...]int{8, 16}[v] }
func (v vectors) bytes() int     { return 4 * v.lanes() }

// reg is vector register i.
func (v vectors) reg(i int) reg.VecPhysical {
	if v == avx512 {
		return zmm[i]
	}
	return ymm[i]
}

var (
	ymm = []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15}
	zmm = []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7,
		reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23,
		reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31}
	masks = []reg.Register{reg.K1, reg.K2}
)

func (v vectors) load(m Mem, dst reg.VecPhysical) { VMOVUPS(m, dst) }

// columnMask tells which lanes of a vector exist: a mask register, or with AVX2 a
// vector register, which is loaded from memory before each use if there are more
// masks than registers for them.
type columnMask struct {
	reg  reg.Register
	from Mem
}

func (m columnMask) register() reg.Register {
	if m.from.Base != nil {
		VMOVUPS(m.from, m.reg)
	}
	return m.reg
}

// loadMasked loads the lanes that exist and makes the others zero; memory beyond
// them isn't touched.
func (v vectors) loadMasked(m Mem, mask columnMask, dst reg.VecPhysical) {
	if v == avx512 {
		VMOVUPS_Z(m, mask.register(), dst)
	} else {
		VMASKMOVPS(m, mask.register(), dst)
	}
}

// storeMasked stores the lanes that exist.
func (v vectors) storeMasked(src reg.VecPhysical, mask columnMask, m Mem) {
	if v == avx512 {
		VMOVUPS(src, mask.register(), m)
	} else {
		VMASKMOVPS(src, mask.register(), m)
	}
}

// tailMask is the mask that setTail sets.
func (v vectors) tailMask() columnMask {
	if v == avx512 {
		return columnMask{reg: reg.K1}
	}
	return columnMask{reg: reg.Y15}
}

// setTail sets the tail mask to the first n mod lanes lanes. It uses RCX, which
// n may be, and tmp.
func (v vectors) setTail(n, tmp reg.GPPhysical) {
	if n != reg.RCX {
		MOVQ(n, reg.RCX)
	}
	ANDQ(I32(v.lanes()-1), reg.RCX)
	if v == avx512 {
		MOVQ(U32(1), tmp)
		SHLQ(reg.CL, tmp)
		DECQ(tmp)
		KMOVW(tmp.As32(), reg.K1)
		return
	}
	// Eight times -1 and then 0: the mask begins as many places before the
	// zeros as there are lanes.
	if tails.Symbol.Name == "" {
		tails = GLOBL("tails", NOPTR|RODATA)
		for i := range 16 {
			DATA(4*i, I32([2]int32{-1, 0}[i/8]))
		}
	}
	NEGQ(reg.RCX)
	LEAQ(tails, tmp)
	VMOVUPS(Mem{Base: tmp, Index: reg.RCX, Scale: 4, Disp: 32}, reg.Y15)
}

var tails Mem

// maximum makes acc the larger of acc and x in each lane, NaN if one of them is;
// MAXPS alone would lose one of them.
func (v vectors) maximum(x, acc, tmp reg.VecPhysical) {
	if v == avx512 {
		VCMPPS(U8(3), x, x, reg.K2) // unordered: NaN
		VMAXPS(acc, x, acc)
		VMOVAPS(x, reg.K2, acc)
		return
	}
	VCMPPS(U8(3), x, x, tmp)
	VMAXPS(acc, x, acc)
	VBLENDVPS(tmp, x, acc, acc)
}

// broadcastBits sets all lanes to a constant, given as its bits.
func (v vectors) broadcastBits(bits uint32, tmp reg.GPPhysical, dst reg.VecPhysical) {
	MOVL(U32(bits), tmp.As32())
	if v == avx512 {
		VPBROADCASTD(tmp.As32(), dst)
		return
	}
	VMOVD(tmp.As32(), dst.(reg.VecPhysical).AsX())
	VBROADCASTSS(dst.AsX(), dst)
}

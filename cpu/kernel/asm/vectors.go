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

// loadMasked loads the columns of vector j that exist and leaves the rest of dst
// zero; memory beyond them isn't touched. With AVX2 the masks lie in the tile,
// with AVX-512 in K1 and K2.
func (v vectors) loadMasked(m Mem, mask operandMask, dst reg.VecPhysical) {
	if v == avx512 {
		VMOVUPS_Z(m, mask.k, dst)
		return
	}
	VMOVUPS(mask.m, mask.scratch)
	VMASKMOVPS(m, mask.scratch, dst)
}

func (v vectors) storeMasked(src reg.VecPhysical, mask operandMask, m Mem) {
	if v == avx512 {
		VMOVUPS(src, mask.k, m)
		return
	}
	VMOVUPS(mask.m, mask.scratch)
	VMASKMOVPS(src, mask.scratch, m)
}

// operandMask is a mask register, or with AVX2 memory and a vector register to
// load it to.
type operandMask struct {
	k       reg.Register
	m       Mem
	scratch reg.VecPhysical
}

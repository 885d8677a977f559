package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.normBlock, in bytes.
const (
	normX      = 0
	normDy     = 24
	normAdd    = 48
	normOut    = 72
	normMean   = 96
	normScale  = 120
	normOffset = 144
	normK      = 168
	normQ      = 192
	normR      = 216
	normSum    = 240
	normSumX   = 264
	normN      = 288
	normLo     = 296
	normHi     = 300
)

// normGen generates the loops of kernel.normBlock: all operands advance together,
// by the same number of bytes.
type normGen struct {
	v        vectors
	pointers map[int]reg.GPPhysical // by field
}

var (
	nBlock = reg.RDI
	nAt    = reg.RSI // bytes done
	nLeft  = reg.R8
	nTmp   = reg.RAX
	nFree  = []reg.GPPhysical{reg.RBX, reg.RDX, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13, reg.R15, reg.RCX}
)

// at is vector j of the operand in a field.
func (g *normGen) at(field, j int) Mem {
	return Mem{Base: g.pointers[field], Index: nAt, Scale: 1, Disp: j * g.v.bytes()}
}

// generate emits a loop over the operands in fields. body works on vector j, by
// load and store; the registers 8·j to 8·j+7 are its own with AVX-512, all but the
// last four otherwise.
func (g normGen) generate(name string, fields []int, constants []int, body func(g *normGen, r func(i int) reg.VecPhysical, load func(field int, dst reg.VecPhysical), store func(field int, src reg.VecPhysical))) {
	function(name+g.v.String(), "(b *normBlock)")
	Load(Param("b"), nBlock)
	MOVQ(Mem{Base: nBlock, Disp: normN}, nLeft)
	g.v.setTail(nLeft, nTmp)
	g.pointers = map[int]reg.GPPhysical{}
	for i, f := range fields {
		g.pointers[f] = nFree[i]
		MOVQ(Mem{Base: nBlock, Disp: f}, nFree[i])
	}
	for i, f := range constants {
		VBROADCASTSS(Mem{Base: nBlock, Disp: f}, g.constant(i))
	}
	XORQ(nAt, nAt)
	do := func(j int, tail bool) {
		body(&g, func(i int) reg.VecPhysical {
			if g.v == avx512 {
				return g.v.reg(8*j + i)
			}
			return g.v.reg(6*j + i)
		}, func(field int, dst reg.VecPhysical) {
			if tail {
				g.v.loadMasked(g.at(field, j), g.v.tailMask(), dst)
			} else {
				g.v.load(g.at(field, j), dst)
			}
		}, func(field int, src reg.VecPhysical) {
			if tail {
				g.v.storeMasked(src, g.v.tailMask(), g.at(field, j))
			} else {
				VMOVUPS(src, g.at(field, j))
			}
		})
	}
	for _, n := range []int{2, 1} {
		loop := map[int]string{2: "pair", 1: "single"}[n]
		Label(loop)
		CMPQ(nLeft, I32(n*g.v.lanes()))
		JLT(LabelRef(loop + "done"))
		for j := range n {
			do(j, false)
		}
		ADDQ(I32(n*g.v.bytes()), nAt)
		SUBQ(I32(n*g.v.lanes()), nLeft)
		JMP(LabelRef(loop))
		Label(loop + "done")
	}
	TESTQ(nLeft, nLeft)
	JZ(LabelRef("done"))
	do(0, true)
	Label("done")
	VZEROUPPER()
	RET()
}

// constant is a register that bodies leave alone.
func (g *normGen) constant(i int) reg.VecPhysical {
	if g.v == avx512 {
		return g.v.reg(16 + i)
	}
	return g.v.reg(12 + i)
}

// gateBy keeps a where y is neither negative nor the first constant or more, and uses y
// and zero up.
func (g *normGen) gateBy(y, a, zero reg.VecPhysical) {
	const notLess, notAtLeast = 5, 9
	VXORPS(zero, zero, zero)
	if g.v == avx512 {
		VCMPPS(U8(notLess), zero, y, reg.K2)
		VCMPPS(U8(notAtLeast), g.constant(0), y, reg.K2, reg.K2)
		VMOVAPS_Z(a, reg.K2, a)
		return
	}
	VCMPPS(U8(notLess), zero, y, zero)
	VCMPPS(U8(notAtLeast), g.constant(0), y, y)
	VANDPS(zero, y, y)
	VANDPS(a, y, a)
}

func norms(v vectors) {
	type regs = func(i int) reg.VecPhysical
	type move = func(field int, r reg.VecPhysical)
	g := normGen{v: v}

	g.generate("normMoments", []int{normX, normMean, normSum, normSumX}, nil, func(g *normGen, r regs, load, store move) {
		load(normX, r(0))
		load(normMean, r(1))
		load(normSum, r(2))
		load(normSumX, r(3))
		VSUBPS(r(1), r(0), r(0))
		VADDPS(r(0), r(2), r(2))
		VFMADD231PS(r(0), r(0), r(3))
		store(normSum, r(2))
		store(normSumX, r(3))
	})

	// y leaves x - mean in r(0) and (x - mean)·scale + offset, plus the addend, in r(2).
	y := func(g *normGen, r regs, load move, add bool) {
		load(normX, r(0))
		load(normMean, r(1))
		load(normScale, r(2))
		load(normOffset, r(3))
		VSUBPS(r(1), r(0), r(0))
		VFMADD213PS(r(3), r(0), r(2))
		if add {
			load(normAdd, r(1))
			VADDPS(r(1), r(2), r(2))
		}
	}
	for _, add := range []bool{false, true} {
		fields, name := []int{normX, normMean, normScale, normOffset, normOut}, "normApply"
		if add {
			fields, name = append(fields, normAdd), "normApplyAdd"
		}
		g.generate(name, fields, []int{normLo, normHi}, func(g *normGen, r regs, load, store move) {
			y(g, r, load, add)
			VMAXPS(r(2), g.constant(0), r(2))
			VMINPS(r(2), g.constant(1), r(2))
			store(normOut, r(2))
		})
	}

	for _, kind := range []string{"", "Gated", "Add"} {
		fields := []int{normX, normDy, normMean, normSum, normSumX}
		if kind != "" {
			fields = append(fields, normScale, normOffset)
		}
		if kind == "Add" {
			fields = append(fields, normAdd, normOut)
		}
		var constants []int
		if kind != "" {
			constants = []int{normHi}
		}
		g.generate("normSums"+kind, fields, constants, func(g *normGen, r regs, load, store move) {
			if kind != "" {
				y(g, r, load, kind == "Add")
			} else {
				load(normX, r(0))
				load(normMean, r(1))
				VSUBPS(r(1), r(0), r(0))
			}
			load(normDy, r(3))
			if kind != "" {
				g.gateBy(r(2), r(3), r(1))
			}
			if kind == "Add" {
				store(normOut, r(3))
			}
			load(normSum, r(1))
			load(normSumX, r(2))
			VADDPS(r(3), r(1), r(1))
			VFMADD231PS(r(3), r(0), r(2))
			store(normSum, r(1))
			store(normSumX, r(2))
		})
	}

	for _, gated := range []bool{false, true} {
		fields, name := []int{normX, normDy, normMean, normK, normQ, normR, normOut}, "normGradient"
		var constants []int
		if gated {
			fields, name, constants = append(fields, normScale, normOffset), "normGradientGated", []int{normHi}
		}
		g.generate(name, fields, constants, func(g *normGen, r regs, load, store move) {
			if gated {
				y(g, r, load, false)
			} else {
				load(normX, r(0))
				load(normMean, r(1))
				VSUBPS(r(1), r(0), r(0))
			}
			load(normDy, r(3))
			if gated {
				g.gateBy(r(2), r(3), r(1))
			}
			load(normQ, r(1))
			load(normR, r(2))
			load(normK, r(4))
			VFMADD213PS(r(2), r(0), r(1)) // t·q + r
			VFMADD213PS(r(1), r(3), r(4)) // dy·k + that
			store(normOut, r(4))
		})
	}
}

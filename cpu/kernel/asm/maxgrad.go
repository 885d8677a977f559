package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.maxWindows, in bytes.
const (
	mwX       = 0
	mwDy      = 24
	mwDx      = 48
	mwOffs    = 72
	mwOffsLen = 80
	mwC       = 96
	mwCount   = 104
	mwXstep   = 112
	mwDystep  = 120
)

// maxGradient generates the loop of kernel.maxWindows.
func maxGradient(v vectors) {
	function("maxWindows"+v.String(), "(w *maxWindows)")
	windows, x, dy, dx := reg.RDI, reg.RSI, reg.RDX, reg.RBX
	offs, taps, tap, at := reg.R8, reg.R9, reg.R12, reg.R13
	done, left, count, tmp := reg.R10, reg.R11, reg.R15, reg.RAX
	field := func(offset int) Mem { return Mem{Base: windows, Disp: offset} }
	Load(Param("w"), windows)
	MOVQ(field(mwX), x)
	MOVQ(field(mwDy), dy)
	MOVQ(field(mwDx), dx)
	MOVQ(field(mwOffs), offs)
	MOVQ(field(mwOffsLen), taps)
	MOVQ(field(mwCount), count)
	MOVQ(field(mwC), left)
	v.setTail(left, tmp)

	largest, gradient, value, sum, scratch, open := v.reg(0), v.reg(1), v.reg(2), v.reg(3), v.reg(4), v.reg(5)
	load := func(base reg.GPPhysical, index reg.GPPhysical, scale uint8, to reg.VecPhysical, tail bool) {
		m := Mem{Base: base, Index: index, Scale: scale}
		if tail {
			v.loadMasked(m, v.tailMask(), to)
		} else {
			v.load(m, to)
		}
	}
	// vector does the channels from byte done on.
	vector := func(name string, tail bool) {
		// The largest of the window.
		MOVQ(Mem{Base: offs}, at)
		LEAQ(Mem{Base: done, Index: at, Scale: 4}, at)
		load(x, at, 1, largest, tail)
		MOVQ(U32(1), tap)
		Label(name + "max")
		CMPQ(tap, taps)
		JGE(LabelRef(name + "spread"))
		MOVQ(Mem{Base: offs, Index: tap, Scale: 8}, at)
		LEAQ(Mem{Base: done, Index: at, Scale: 4}, at)
		load(x, at, 1, value, tail)
		v.maximum(value, largest, scratch)
		INCQ(tap)
		JMP(LabelRef(name + "max"))

		// The first tap that isn't less takes the gradient, and shuts the lane.
		Label(name + "spread")
		load(dy, done, 1, gradient, tail)
		if v == avx512 {
			KXNORW(reg.K3, reg.K3, reg.K3)
		} else {
			VPCMPEQD(open, open, open)
		}
		XORQ(tap, tap)
		Label(name + "tap")
		MOVQ(Mem{Base: offs, Index: tap, Scale: 8}, at)
		LEAQ(Mem{Base: done, Index: at, Scale: 4}, at)
		load(x, at, 1, value, tail)
		const notLess = 5
		if v == avx512 {
			VCMPPS(U8(notLess), largest, value, reg.K3, reg.K4)
			KXORW(reg.K4, reg.K3, reg.K3)
			VMOVAPS_Z(gradient, reg.K4, value)
		} else {
			VCMPPS(U8(notLess), largest, value, value)
			VANDPS(open, value, value)
			VXORPS(value, open, open)
			VANDPS(gradient, value, value)
		}
		load(dx, at, 1, sum, tail)
		VADDPS(value, sum, sum)
		to := Mem{Base: dx, Index: at, Scale: 1}
		if tail {
			v.storeMasked(sum, v.tailMask(), to)
		} else {
			VMOVUPS(sum, to)
		}
		INCQ(tap)
		CMPQ(tap, taps)
		JLT(LabelRef(name + "tap"))
	}

	Label("pixel")
	XORQ(done, done)
	MOVQ(field(mwC), left)
	Label("channels")
	CMPQ(left, I32(v.lanes()))
	JLT(LabelRef("tail"))
	vector("whole", false)
	ADDQ(I32(v.bytes()), done)
	SUBQ(I32(v.lanes()), left)
	JMP(LabelRef("channels"))
	Label("tail")
	TESTQ(left, left)
	JZ(LabelRef("next"))
	vector("part", true)
	Label("next")
	MOVQ(field(mwXstep), tmp)
	LEAQ(Mem{Base: x, Index: tmp, Scale: 4}, x)
	LEAQ(Mem{Base: dx, Index: tmp, Scale: 4}, dx)
	MOVQ(field(mwDystep), tmp)
	LEAQ(Mem{Base: dy, Index: tmp, Scale: 4}, dy)
	DECQ(count)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

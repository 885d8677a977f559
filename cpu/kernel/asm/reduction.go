package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// reduction generates the sum or the maximum of a row: 32 lanes side by side,
// whatever the width of the registers, which are folded in halves at the end.
func reduction(v vectors, kind string) {
	function(kind+"Row"+v.String(), "(a *float32, n int) float32")
	Load(Param("a"), eA)
	Load(Param("n"), eLeft)
	MOVQ(eLeft, reg.RCX)
	v.setTail(reg.RCX, eTmp)

	accs := 32 / v.lanes()
	const value, tmp, empty = 8, 9, 10
	op := func(v vectors, x, acc, tmp reg.VecPhysical) {
		if kind == "sum" {
			VADDPS(x, acc, acc)
		} else {
			v.maximum(x, acc, tmp)
		}
	}
	v.broadcastBits(map[string]uint32{"sum": 0, "max": minusInf}[kind], eTmp, v.reg(empty))
	for j := range accs {
		VMOVAPS(v.reg(empty), v.reg(j))
	}

	Label("loop")
	CMPQ(eLeft, I32(32))
	JLT(LabelRef("rest"))
	for j := range accs {
		v.load(Mem{Base: eA, Disp: j * v.bytes()}, v.reg(value))
		op(v, v.reg(value), v.reg(j), v.reg(tmp))
	}
	ADDQ(I32(128), eA)
	SUBQ(I32(32), eLeft)
	JMP(LabelRef("loop"))

	// The rest keeps to its lanes: full vectors, then one of which some lanes
	// exist.
	Label("rest")
	for j := range accs {
		CMPQ(eLeft, I32(v.lanes()))
		JLT(LabelRef("tail" + string(rune('0'+j))))
		v.load(Mem{Base: eA}, v.reg(value))
		op(v, v.reg(value), v.reg(j), v.reg(tmp))
		ADDQ(I32(v.bytes()), eA)
		SUBQ(I32(v.lanes()), eLeft)
	}
	for j := range accs {
		Label("tail" + string(rune('0'+j)))
		v.loadMasked(Mem{Base: eA}, v.tailMask(), v.reg(value))
		if kind == "max" {
			// Lanes that don't exist are -Inf instead of 0.
			if v == avx512 {
				VMOVAPS(v.reg(empty), v.reg(tmp))
				VMOVAPS(v.reg(value), reg.K1, v.reg(tmp))
				VMOVAPS(v.reg(tmp), v.reg(value))
			} else {
				VBLENDVPS(reg.Y15, v.reg(value), v.reg(empty), v.reg(value))
			}
		}
		op(v, v.reg(value), v.reg(j), v.reg(tmp))
		JMP(LabelRef("fold"))
	}

	Label("fold")
	for n := accs / 2; n > 0; n /= 2 {
		for j := range n {
			op(v, v.reg(j+n), v.reg(j), v.reg(tmp))
		}
	}
	if v == avx512 {
		VEXTRACTF64X4(U8(1), reg.Z0, reg.Y1)
		op(avx2, reg.Y1, reg.Y0, reg.Y2)
	}
	VEXTRACTF128(U8(1), reg.Y0, reg.X1)
	op(avx2, reg.X1, reg.X0, reg.X2)
	VMOVHLPS(reg.X0, reg.X0, reg.X1)
	op(avx2, reg.X1, reg.X0, reg.X2)
	VMOVSHDUP(reg.X0, reg.X1)
	op(avx2, reg.X1, reg.X0, reg.X2)
	VZEROUPPER()
	Store(reg.X0, ReturnIndex(0))
	RET()
}

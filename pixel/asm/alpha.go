package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// premultiply generates the multiplication of n pixels (a multiple of 8) with
// their alpha, as function premultiplied in package pixel does it: all of it fits
// 16 bits without a sign. Alpha itself is multiplied with 255, which leaves it.
func premultiply() {
	TEXT("premultiplyAVX2", NOSPLIT, "func(dst, src *byte, n int)")
	Doc("premultiplyAVX2 multiplies the colours of n pixels with their alpha.")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	n := Load(Param("n"), GP64())

	// In each half of a register: the alphas of its pixels 0 and 1, and of 2 and 3.
	const zero = 0x80
	var spread [2][32]byte
	var opaque [32]byte
	for half := range spread {
		for i := range spread[half] {
			spread[half][i] = zero
			if i%2 == 0 && i%8 != 6 {
				spread[half][i] = byte(8*half + i%16/8*4 + 3)
			}
			if i%8 == 6 {
				opaque[i] = 255
			}
		}
	}
	order := [2]Mem{constantBytes("alphas01", spread[0][:]), constantBytes("alphas23", spread[1][:])}
	keep, nothing, round := YMM(), YMM(), YMM()
	VMOVDQU(constantBytes("opaque", opaque[:]), keep)
	VPXOR(nothing, nothing, nothing)
	VPBROADCASTD(constant32("alphaRound", 128<<16|128), round)

	Label("pixels")
	x, low, high := YMM(), YMM(), YMM()
	VMOVDQU(Mem{Base: src}, x)
	VPUNPCKLBW(nothing, x, low)
	VPUNPCKHBW(nothing, x, high)
	for i, words := range []reg.VecVirtual{low, high} {
		alpha := YMM()
		VPSHUFB(order[i], x, alpha)
		VPOR(keep, alpha, alpha)
		VPMULLW(alpha, words, words)
		VPADDW(round, words, words)
		VPSRLW(Imm(8), words, alpha)
		VPADDW(alpha, words, words)
		VPSRLW(Imm(8), words, words)
	}
	VPACKUSWB(high, low, low)
	VMOVDQU(low, Mem{Base: dst})
	ADDQ(Imm(32), src)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(8), n)
	JNZ(LabelRef("pixels"))
	VZEROUPPER()
	RET()
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// unfilterPaeth generates the undoing of PNG's Paeth filter over n pixels of 3 or
// 4 bytes. Each pixel needs the one to its left, so that all there is to gain is
// a short chain from one to the next: the samples of a pixel are 16-bit words side
// by side, and the prediction is the one of function paeth in package pixel,
// where the chain is subtract, compare, choose, choose, add.
func unfilterPaeth(channels int) {
	TEXT(fmt.Sprintf("unfilterPaeth%dAVX2", channels), NOSPLIT, "func(row, above *byte, n int)")
	Doc(fmt.Sprintf("unfilterPaeth%dAVX2 undoes the Paeth filter on n pixels of %d bytes. It reads 4 bytes for each.", channels, channels))
	row := Load(Param("row"), GP64())
	above := Load(Param("above"), GP64())
	n := Load(Param("n"), GP64())
	a, c := XMM(), XMM()
	VPXOR(a, a, a)
	VPXOR(c, c, c)

	Label("pixel")
	x, b, t := XMM(), XMM(), XMM()
	VMOVD(Mem{Base: row}, x)
	VPMOVZXBW(x, x)
	VMOVD(Mem{Base: above}, b)
	VPMOVZXBW(b, b)
	VPADDW(c, c, t)
	VPADDW(c, t, t)
	VPSUBW(b, t, t) // 3c-b, ahead of the chain

	low, high := XMM(), XMM()
	VPMINSW(a, b, low)
	VPMAXSW(a, b, high)
	VPSUBW(a, t, t)
	below, beyond := XMM(), XMM()
	VPCMPGTW(t, high, below) // t < high
	VPCMPGTW(low, t, beyond) // t > low
	VPBLENDVB(below, c, low, a)
	VPBLENDVB(beyond, a, high, a)
	VPADDB(x, a, a) // modulo 256: the high bytes are zero and stay so
	VMOVDQA(b, c)

	VPACKUSWB(a, a, x)
	if channels == 4 {
		VMOVD(x, Mem{Base: row})
	} else {
		VPEXTRW(Imm(0), x, Mem{Base: row})
		VPEXTRB(Imm(2), x, Mem{Base: row, Disp: 2})
	}
	ADDQ(Imm(uint64(channels)), row)
	ADDQ(Imm(uint64(channels)), above)
	DECQ(n)
	JNZ(LabelRef("pixel"))
	RET()
}

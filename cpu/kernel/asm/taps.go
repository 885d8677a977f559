package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.taps, in bytes.
const (
	tapsX       = 0
	tapsOut     = 24
	tapsW       = 48
	tapsBias    = 72
	tapsAdd     = 96
	tapsOffs    = 120
	tapsOffsLen = 128
	tapsWoffs   = 144
	tapsC       = 168
	tapsCount   = 176
	tapsXstep   = 184
	tapsOutstep = 192
	tapsAddstep = 200
	tapsLo      = 208
	tapsHi      = 212
)

// tapsGen generates one of the loops over taps: max, sum or filter. Channels go
// in blocks of four vectors, single vectors and a masked rest; for each, the taps
// are the inner loop.
type tapsGen struct {
	v    vectors
	kind string
}

// Roles of the general registers.
var (
	pTaps    = reg.RDI
	pX       = reg.RSI // current pixel's input
	pOut     = reg.RDX
	pAdd     = reg.RBX
	pChan    = reg.RCX // channels done, in bytes
	pOffs    = reg.R8
	pOffsEnd = reg.R9
	pTap     = reg.R10 // position in offs
	pIn      = reg.R11
	pWoffs   = reg.R12
	pW       = reg.R13
	pLeft    = reg.R15 // pixels left
	pTmp     = reg.RAX
)

func (g *tapsGen) field(offset int) Mem { return Mem{Base: pTaps, Disp: offset} }

// Vector registers 0 to 3 are accumulators, 4 to 7 values to go with them; then
// follow lo, hi, -Inf and a scratch register.
func (g *tapsGen) value(j int) reg.VecPhysical    { return g.v.reg(4 + j) }
func (g *tapsGen) constant(i int) reg.VecPhysical { return g.v.reg(8 + i) }

// load reads vector j at the pointer, only the channels that exist if tail.
func (g *tapsGen) load(p reg.Register, j int, dst reg.VecPhysical, tail bool) {
	m := Mem{Base: p, Index: pChan, Scale: 1, Disp: j * g.v.bytes()}
	if tail {
		g.v.loadMasked(m, g.v.tailMask(), dst)
	} else {
		g.v.load(m, dst)
	}
}

func (g *tapsGen) generate(name string) {
	function(name, "(t *taps)")
	Load(Param("t"), pTaps)
	MOVQ(g.field(tapsX), pX)
	MOVQ(g.field(tapsOut), pOut)
	MOVQ(g.field(tapsAdd), pAdd)
	MOVQ(g.field(tapsOffs), pOffs)
	MOVQ(g.field(tapsOffsLen), pOffsEnd)
	LEAQ(Mem{Base: pOffs, Index: pOffsEnd, Scale: 8}, pOffsEnd)
	MOVQ(g.field(tapsWoffs), pWoffs)
	MOVQ(g.field(tapsCount), pLeft)
	VBROADCASTSS(g.field(tapsLo), g.constant(0))
	VBROADCASTSS(g.field(tapsHi), g.constant(1))
	if g.kind == "max" {
		g.v.broadcastBits(minusInf, pTmp, g.constant(2))
	}
	MOVQ(g.field(tapsC), pChan)
	g.v.setTail(pChan, pTmp)

	Label("pixel")
	XORQ(pChan, pChan)
	g.block("four", 4, false)
	g.block("one", 1, false)
	g.block("tail", 1, true)

	step := func(field int, p reg.Register) {
		MOVQ(g.field(field), pTmp)
		LEAQ(Mem{Base: p, Index: pTmp, Scale: 4}, p)
	}
	step(tapsXstep, pX)
	step(tapsOutstep, pOut)
	TESTQ(pAdd, pAdd)
	JZ(LabelRef("noadd"))
	step(tapsAddstep, pAdd)
	Label("noadd")
	DECQ(pLeft)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// block does as many groups of n vectors as there are channels for.
func (g *tapsGen) block(name string, n int, tail bool) {
	Label(name)
	MOVQ(g.field(tapsC), pTmp)
	SHLQ(U8(2), pTmp)
	SUBQ(pChan, pTmp)
	if tail {
		JZ(LabelRef(name + "done"))
	} else {
		CMPQ(pTmp, I32(n*g.v.bytes()))
		JLT(LabelRef(name + "done"))
	}
	for j := range n {
		switch acc := g.v.reg(j); g.kind {
		case "max":
			VMOVAPS(g.constant(2), acc)
		case "sum":
			VXORPS(acc, acc, acc)
		case "filter":
			if j == 0 {
				MOVQ(g.field(tapsBias), pTmp)
			}
			g.load(pTmp, j, acc, tail)
		}
	}
	MOVQ(pOffs, pTap)
	Label(name + "taps")
	CMPQ(pTap, pOffsEnd)
	JEQ(LabelRef(name + "end"))
	MOVQ(Mem{Base: pTap}, pIn)
	LEAQ(Mem{Base: pX, Index: pIn, Scale: 4}, pIn)
	if g.kind == "filter" {
		MOVQ(pTap, pTmp)
		SUBQ(pOffs, pTmp)
		MOVQ(Mem{Base: pWoffs, Index: pTmp, Scale: 1}, pTmp)
		MOVQ(g.field(tapsW), pW)
		LEAQ(Mem{Base: pW, Index: pTmp, Scale: 4}, pW)
	}
	for j := range n {
		g.load(pIn, j, g.value(j), tail)
		switch acc := g.v.reg(j); g.kind {
		case "max":
			g.v.maximum(g.value(j), acc, g.constant(3))
		case "sum":
			VADDPS(g.value(j), acc, acc)
		case "filter":
			g.load(pW, j, g.constant(3), tail)
			VFMADD231PS(g.constant(3), g.value(j), acc)
		}
	}
	ADDQ(I32(8), pTap)
	JMP(LabelRef(name + "taps"))
	Label(name + "end")
	switch g.kind {
	case "sum":
		for j := range n {
			VMULPS(g.constant(1), g.v.reg(j), g.v.reg(j))
		}
	case "filter":
		TESTQ(pAdd, pAdd)
		JZ(LabelRef(name + "clamp"))
		for j := range n {
			g.load(pAdd, j, g.value(j), tail)
			VADDPS(g.value(j), g.v.reg(j), g.v.reg(j))
		}
		Label(name + "clamp")
		for j := range n {
			VMAXPS(g.v.reg(j), g.constant(0), g.v.reg(j))
			VMINPS(g.v.reg(j), g.constant(1), g.v.reg(j))
		}
	}
	for j := range n {
		m := Mem{Base: pOut, Index: pChan, Scale: 1, Disp: j * g.v.bytes()}
		if tail {
			g.v.storeMasked(g.v.reg(j), g.v.tailMask(), m)
		} else {
			VMOVUPS(g.v.reg(j), m)
		}
	}
	if !tail {
		ADDQ(I32(n*g.v.bytes()), pChan)
		JMP(LabelRef(name))
	}
	Label(name + "done")
}

const minusInf = 0xff800000

func allTaps(v vectors) {
	for _, kind := range []string{"max", "sum", "filter"} {
		g := tapsGen{v, kind}
		g.generate(kind + "Taps" + v.String())
	}
}

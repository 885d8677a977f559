package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.dots, in bytes.
const (
	dotsX      = 0
	dotsDy     = 24
	dotsSum    = 48
	dotsC      = 72
	dotsCount  = 80
	dotsXstep  = 88
	dotsDystep = 96
	dotsRow    = 104
	dotsCol    = 112
	dotsSumRow = 120
	dotsSumCol = 128
	dotsLines  = 136
	dotsXgap   = 144
	dotsDygap  = 152
)

// dotsGen generates the sums of kernel.dots for so many rows and columns of taps:
// for one or two vectors of channels after the other, all pixels, with a sum for each
// tap in registers.
type dotsGen struct {
	v          vectors
	rows, cols int
}

// Roles of the general registers.
var (
	dDots   = reg.RDI
	dX      = []reg.GPPhysical{reg.RSI, reg.RDX, reg.RBX} // the current pixel's inputs, by row of taps
	dCol    = reg.R8
	dDy     = reg.R9
	dXstep  = reg.R10
	dDystep = reg.R11
	dLeft   = reg.R12 // pixels left of a line
	dChan   = reg.R13 // channels done, in bytes
	dTmp    = reg.RAX
	dLines  = reg.RCX // lines left
	dBytes  = reg.R15 // channels left, in bytes
)

func (g *dotsGen) field(offset int) Mem { return Mem{Base: dDots, Disp: offset} }

// acc is the sum of a tap for vector j of n, dy and scratch what follows all sums.
func (g *dotsGen) acc(n, r, q, j int) reg.VecPhysical { return g.v.reg((r*g.cols+q)*n + j) }
func (g *dotsGen) dy(n, j int) reg.VecPhysical        { return g.v.reg(g.rows*g.cols*n + j) }
func (g *dotsGen) scratch(n int) reg.VecPhysical      { return g.v.reg(g.rows*g.cols*n + n) }

func (g *dotsGen) bytes(field int, to reg.GPPhysical) {
	MOVQ(g.field(field), to)
	SHLQ(U8(2), to)
}

func (g *dotsGen) generate() {
	function(fmt.Sprintf("dots%dx%d%s", g.rows, g.cols, g.v), "(d *dots)")
	Load(Param("d"), dDots)
	MOVQ(g.field(dotsC), dBytes)
	g.v.setTail(dBytes, dTmp)
	SHLQ(U8(2), dBytes)
	g.bytes(dotsCol, dCol)
	g.bytes(dotsXstep, dXstep)
	g.bytes(dotsDystep, dDystep)
	XORQ(dChan, dChan)
	if g.v == avx512 {
		g.block("pair", 2, false)
	}
	g.block("single", 1, false)
	g.block("tail", 1, true)
	VZEROUPPER()
	RET()
}

// block does as many groups of n vectors as there are channels for.
func (g *dotsGen) block(name string, n int, tail bool) {
	move := func(m Mem, dst reg.VecPhysical) {
		if tail {
			g.v.loadMasked(m, g.v.tailMask(), dst)
		} else {
			g.v.load(m, dst)
		}
	}
	Label(name)
	if tail {
		TESTQ(dBytes, dBytes)
		JZ(LabelRef(name + "done"))
	} else {
		CMPQ(dBytes, I32(n*g.v.bytes()))
		JLT(LabelRef(name + "done"))
	}
	MOVQ(g.field(dotsX), dX[0])
	ADDQ(dChan, dX[0])
	g.bytes(dotsRow, dTmp)
	for r := 1; r < g.rows; r++ {
		LEAQ(Mem{Base: dX[r-1], Index: dTmp, Scale: 1}, dX[r])
	}
	MOVQ(g.field(dotsDy), dDy)
	ADDQ(dChan, dDy)
	for i := range g.rows * g.cols * n {
		VXORPS(g.v.reg(i), g.v.reg(i), g.v.reg(i))
	}
	MOVQ(g.field(dotsLines), dLines)
	Label(name + "line")
	MOVQ(g.field(dotsCount), dLeft)
	Label(name + "pixel")
	for j := range n {
		move(Mem{Base: dDy, Disp: j * g.v.bytes()}, g.dy(n, j))
	}
	for r := range g.rows {
		for q := range g.cols {
			for j := range n {
				m := Mem{Base: dX[r], Disp: j * g.v.bytes()}
				if q > 0 {
					m.Index, m.Scale = dCol, uint8(q)
				}
				if tail {
					move(m, g.scratch(n))
					VFMADD231PS(g.scratch(n), g.dy(n, j), g.acc(n, r, q, j))
				} else {
					VFMADD231PS(m, g.dy(n, j), g.acc(n, r, q, j))
				}
			}
		}
	}
	for r := range g.rows {
		ADDQ(dXstep, dX[r])
	}
	ADDQ(dDystep, dDy)
	DECQ(dLeft)
	JNZ(LabelRef(name + "pixel"))
	g.bytes(dotsXgap, dTmp)
	for r := range g.rows {
		ADDQ(dTmp, dX[r])
	}
	g.bytes(dotsDygap, dTmp)
	ADDQ(dTmp, dDy)
	DECQ(dLines)
	JNZ(LabelRef(name + "line"))

	// The sum of this call is added as one number, as in outer.
	MOVQ(g.field(dotsSum), dX[0])
	ADDQ(dChan, dX[0])
	g.bytes(dotsSumRow, dLeft)
	g.bytes(dotsSumCol, dLines)
	for r := range g.rows {
		MOVQ(dX[0], dDy)
		for q := range g.cols {
			for j := range n {
				m := Mem{Base: dDy, Disp: j * g.v.bytes()}
				move(m, g.scratch(n))
				VADDPS(g.acc(n, r, q, j), g.scratch(n), g.scratch(n))
				if tail {
					g.v.storeMasked(g.scratch(n), g.v.tailMask(), m)
				} else {
					VMOVUPS(g.scratch(n), m)
				}
			}
			ADDQ(dLines, dDy)
		}
		ADDQ(dLeft, dX[0])
	}
	if !tail {
		ADDQ(I32(n*g.v.bytes()), dChan)
		SUBQ(I32(n*g.v.bytes()), dBytes)
		JMP(LabelRef(name))
	}
	Label(name + "done")
}

func allDots(v vectors) {
	for rows := 1; rows <= 3; rows++ {
		for cols := 1; cols <= 3; cols++ {
			g := dotsGen{v, rows, cols}
			g.generate()
		}
	}
}

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
	qDots   = reg.RDI
	qX      = []reg.GPPhysical{reg.RSI, reg.RDX, reg.RBX} // the current pixel's inputs, by row of taps
	qCol    = reg.R8
	qDy     = reg.R9
	qXstep  = reg.R10
	qDystep = reg.R11
	qLeft   = reg.R12 // pixels left of a line
	qChan   = reg.R13 // channels done, in bytes
	qTmp    = reg.RAX
	qLines  = reg.RCX // lines left
	qBytes  = reg.R15 // channels left, in bytes
)

func (g *dotsGen) field(offset int) Mem { return Mem{Base: qDots, Disp: offset} }

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
	Load(Param("d"), qDots)
	MOVQ(g.field(dotsC), qBytes)
	g.v.setTail(qBytes, qTmp)
	SHLQ(U8(2), qBytes)
	g.bytes(dotsCol, qCol)
	g.bytes(dotsXstep, qXstep)
	g.bytes(dotsDystep, qDystep)
	XORQ(qChan, qChan)
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
		TESTQ(qBytes, qBytes)
		JZ(LabelRef(name + "done"))
	} else {
		CMPQ(qBytes, I32(n*g.v.bytes()))
		JLT(LabelRef(name + "done"))
	}
	MOVQ(g.field(dotsX), qX[0])
	ADDQ(qChan, qX[0])
	g.bytes(dotsRow, qTmp)
	for r := 1; r < g.rows; r++ {
		LEAQ(Mem{Base: qX[r-1], Index: qTmp, Scale: 1}, qX[r])
	}
	MOVQ(g.field(dotsDy), qDy)
	ADDQ(qChan, qDy)
	for i := range g.rows * g.cols * n {
		VXORPS(g.v.reg(i), g.v.reg(i), g.v.reg(i))
	}
	MOVQ(g.field(dotsLines), qLines)
	Label(name + "line")
	MOVQ(g.field(dotsCount), qLeft)
	Label(name + "pixel")
	for j := range n {
		move(Mem{Base: qDy, Disp: j * g.v.bytes()}, g.dy(n, j))
	}
	for r := range g.rows {
		for q := range g.cols {
			for j := range n {
				m := Mem{Base: qX[r], Disp: j * g.v.bytes()}
				if q > 0 {
					m.Index, m.Scale = qCol, uint8(q)
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
		ADDQ(qXstep, qX[r])
	}
	ADDQ(qDystep, qDy)
	DECQ(qLeft)
	JNZ(LabelRef(name + "pixel"))
	g.bytes(dotsXgap, qTmp)
	for r := range g.rows {
		ADDQ(qTmp, qX[r])
	}
	g.bytes(dotsDygap, qTmp)
	ADDQ(qTmp, qDy)
	DECQ(qLines)
	JNZ(LabelRef(name + "line"))

	// The sum of this call is added as one number, as in outer.
	MOVQ(g.field(dotsSum), qX[0])
	ADDQ(qChan, qX[0])
	g.bytes(dotsSumRow, qLeft)
	g.bytes(dotsSumCol, qLines)
	for r := range g.rows {
		MOVQ(qX[0], qDy)
		for q := range g.cols {
			for j := range n {
				m := Mem{Base: qDy, Disp: j * g.v.bytes()}
				move(m, g.scratch(n))
				VADDPS(g.acc(n, r, q, j), g.scratch(n), g.scratch(n))
				if tail {
					g.v.storeMasked(g.scratch(n), g.v.tailMask(), m)
				} else {
					VMOVUPS(g.scratch(n), m)
				}
			}
			ADDQ(qLines, qDy)
		}
		ADDQ(qLeft, qX[0])
	}
	if !tail {
		ADDQ(I32(n*g.v.bytes()), qChan)
		SUBQ(I32(n*g.v.bytes()), qBytes)
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

package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.tallLines, in bytes.
const (
	linesX      = 0
	linesOut    = 24
	linesBias   = 48
	linesAdd    = 72
	linesXRow   = 96
	linesOutRow = 104
	linesAddRow = 112
	linesN      = 120
	linesRows   = 128
	linesLo     = 136
	linesHi     = 140
)

// linesGen generates the transforms of kernel.tallLines, vector by vector: five lines of x to
// five, or to three that are finished as outputs.
type linesGen struct {
	v vectors
}

// Roles of the general registers.
var (
	lLines  = reg.RDI
	lX      = reg.RSI
	lOut    = reg.RDX
	lBias   = reg.RBX
	lAdd    = reg.RAX
	lXRow   = [2]reg.GPPhysical{reg.R8, reg.R9}   // once and three times the distance of lines
	lOutRow = [2]reg.GPPhysical{reg.R10, reg.R11} // likewise
	lAddRow = reg.R12
	lLeft   = reg.R13
	lRows   = reg.R15
)

// The numbers of the transforms: the points 1/2 and 5/4, their squares, and the sum and the product of these.
var linesConstants = []float64{0.5, 1.25, 0.25, 1.5625, 1.8125, 0.390625}

const (
	linesA = iota
	linesB
	linesA2
	linesB2
	linesSum
	linesProduct
)

func (g *linesGen) constant(i int) reg.VecPhysical {
	if g.v == avx512 {
		return g.v.reg(16 + i)
	}
	return g.v.reg(8 + i)
}

func (g *linesGen) field(offset int) Mem { return Mem{Base: lLines, Disp: offset} }

// line is line i from base on, of lines with the distance d.
func line(base reg.Register, d [2]reg.GPPhysical, i int) Mem {
	m := Mem{Base: base}
	if i > 0 {
		m.Index = d[[...]int{0, 0, 0, 1, 0}[i]]
		m.Scale = [...]uint8{0, 1, 2, 1, 4}[i]
	}
	return m
}

// generate emits a loop over the vectors of a line.
func (g *linesGen) generate(name string, outputs bool, body func(g *linesGen, name string, load func(m Mem, dst reg.VecPhysical), store func(src reg.VecPhysical, m Mem))) {
	function(name+g.v.String(), "(l *tallLines)")
	Load(Param("l"), lLines)
	MOVQ(g.field(linesX), lX)
	MOVQ(g.field(linesOut), lOut)
	for _, d := range []struct {
		field int
		to    [2]reg.GPPhysical
	}{{linesXRow, lXRow}, {linesOutRow, lOutRow}} {
		MOVQ(g.field(d.field), d.to[0])
		SHLQ(U8(2), d.to[0])
		LEAQ(Mem{Base: d.to[0], Index: d.to[0], Scale: 2}, d.to[1])
	}
	MOVQ(g.field(linesN), lLeft)
	g.v.setTail(lLeft, lAdd)
	SHLQ(U8(2), lLeft)
	pointers := []reg.GPPhysical{lX, lOut}
	if outputs {
		MOVQ(g.field(linesBias), lBias)
		MOVQ(g.field(linesAdd), lAdd)
		MOVQ(g.field(linesAddRow), lAddRow)
		SHLQ(U8(2), lAddRow)
		MOVQ(g.field(linesRows), lRows)
		pointers = append(pointers, lBias)
	}
	for i := range linesConstants {
		VBROADCASTSS(linesTable.Offset(4*i), g.constant(i))
	}
	Label("whole")
	CMPQ(lLeft, I32(g.v.bytes()))
	JLT(LabelRef("tail"))
	body(g, "whole", g.v.load, func(src reg.VecPhysical, m Mem) { VMOVUPS(src, m) })
	for _, p := range pointers {
		ADDQ(I32(g.v.bytes()), p)
	}
	if outputs {
		TESTQ(lAdd, lAdd)
		JZ(LabelRef("noadd"))
		ADDQ(I32(g.v.bytes()), lAdd)
		Label("noadd")
	}
	SUBQ(I32(g.v.bytes()), lLeft)
	JMP(LabelRef("whole"))
	Label("tail")
	TESTQ(lLeft, lLeft)
	JZ(LabelRef("done"))
	body(g, "tail", func(m Mem, dst reg.VecPhysical) { g.v.loadMasked(m, g.v.tailMask(), dst) },
		func(src reg.VecPhysical, m Mem) { g.v.storeMasked(src, g.v.tailMask(), m) })
	Label("done")
	VZEROUPPER()
	RET()
}

// spreadLines multiplies by the matrix of the inputs.
func spreadLines(g *linesGen, _ string, load func(m Mem, dst reg.VecPhysical), store func(src reg.VecPhysical, m Mem)) {
	r := g.v.reg
	for i := range 5 {
		load(line(lX, lXRow, i), r(i))
	}
	pair := func(square, point, first int) {
		VMOVAPS(r(3), r(5))
		VFNMADD231PS(g.constant(square), r(1), r(5))
		VMOVAPS(r(2), r(6))
		VFNMADD231PS(g.constant(square), r(0), r(6))
		VMOVAPS(r(5), r(7))
		VFMADD231PS(g.constant(point), r(6), r(5))
		VFNMADD231PS(g.constant(point), r(6), r(7))
		store(r(5), line(lOut, lOutRow, first))
		store(r(7), line(lOut, lOutRow, first+1))
	}
	pair(linesB2, linesA, 0)
	pair(linesA2, linesB, 2)
	VFNMADD231PS(g.constant(linesSum), r(2), r(4))
	VFMADD231PS(g.constant(linesProduct), r(0), r(4))
	store(r(4), line(lOut, lOutRow, 4))
}

// joinLines multiplies by the matrix of the outputs, adds bias and addend and clamps.
func joinLines(g *linesGen, name string, load func(m Mem, dst reg.VecPhysical), store func(src reg.VecPhysical, m Mem)) {
	r := g.v.reg
	for i := range 5 {
		load(line(lX, lXRow, i), r(i))
	}
	sumA, difA, sumB, difB := r(5), r(0), r(6), r(2)
	VADDPS(r(1), r(0), sumA)
	VSUBPS(r(1), r(0), difA)
	VADDPS(r(3), r(2), sumB)
	VSUBPS(r(3), r(2), difB)
	y := [3]reg.VecPhysical{r(1), r(3), r(4)}
	VADDPS(sumB, sumA, y[0])
	VMULPS(g.constant(linesA), difA, y[1])
	VFMADD231PS(g.constant(linesB), difB, y[1])
	VFMADD231PS(g.constant(linesA2), sumA, y[2])
	VFMADD231PS(g.constant(linesB2), sumB, y[2])
	load(Mem{Base: lBias}, r(0))
	for i := range y {
		VADDPS(r(0), y[i], y[i])
	}
	TESTQ(lAdd, lAdd)
	JZ(LabelRef(name + "clamp"))
	for i := range y {
		if i > 0 {
			CMPQ(lRows, U8(i))
			JLE(LabelRef(name + "clamp"))
		}
		m := Mem{Base: lAdd}
		if i > 0 {
			m.Index, m.Scale = lAddRow, uint8(i)
		}
		load(m, r(0))
		VADDPS(r(0), y[i], y[i])
	}
	// MAXPS and MINPS return the second source, here the value, if one of the sources is NaN.
	Label(name + "clamp")
	VBROADCASTSS(g.field(linesLo), r(0))
	VBROADCASTSS(g.field(linesHi), r(2))
	for i := range y {
		if i > 0 {
			CMPQ(lRows, U8(i))
			JLE(LabelRef(name + "stored"))
		}
		VMAXPS(y[i], r(0), y[i])
		VMINPS(y[i], r(2), y[i])
		store(y[i], line(lOut, lOutRow, i))
	}
	Label(name + "stored")
}

var linesTable Mem

func allLines(v vectors) {
	linesTable = GLOBL(fmt.Sprintf("linesConstants%s", v), RODATA|NOPTR)
	for i, c := range linesConstants {
		DATA(4*i, U32(math.Float32bits(float32(c))))
	}
	g := &linesGen{v}
	g.generate("spreadLines", false, spreadLines)
	g.generate("joinLines", true, joinLines)
}

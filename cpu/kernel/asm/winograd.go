package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.patch, in bytes.
const (
	patchX      = 0
	patchOut    = 24
	patchAdd    = 48
	patchVec    = 72
	patchXRow   = 96
	patchXCol   = 104
	patchOutRow = 112
	patchOutCol = 120
	patchAddRow = 128
	patchAddCol = 136
	patchC      = 144
	patchRows   = 152
	patchCols   = 160
	patchLo     = 168
	patchHi     = 172
	patchTmp    = 176
)

// patchGen generates one of Winograd's transforms: y = L·x·Lᵀ for a small square
// x in each channel. The first pass multiplies the columns from the left, the
// second one the rows from the right; between them lies kernel.patch.tmp.
type patchGen struct {
	v         vectors
	kind      string // input, filter, output, gradient or weight
	in, out   int    // sizes of x and y
	line      func(g *patchGen)
	constants []float64
	// held says that all between the passes stays in registers, which is possible
	// for the 24 vectors of a large output in AVX-512.
	held       bool
	xs, ys, ts []int // vector registers of x(i), y(i) and tmp(i)
}

// Roles of the general registers.
var (
	wPatch  = reg.RDI
	wX      = reg.RSI
	wOut    = reg.RDX
	wAdd    = reg.RBX
	wRow    = [3]reg.GPPhysical{reg.R8, reg.R9, reg.R10}   // once, three and five times the distance of x's rows
	wCol    = [3]reg.GPPhysical{reg.R11, reg.R12, reg.R13} // of y's columns
	wLeft   = reg.R15                                      // bytes of channels left
	wAt     = reg.RAX
	wTmp    = reg.RCX
	wVector = reg.RBP // the bias or scale
)

func (g *patchGen) field(offset int) Mem { return Mem{Base: wPatch, Disp: offset} }

func (g *patchGen) x(i int) reg.VecPhysical   { return g.v.reg(g.xs[i]) }
func (g *patchGen) y(i int) reg.VecPhysical   { return g.v.reg(g.ys[i]) }
func (g *patchGen) tmp(i int) reg.VecPhysical { return g.v.reg(g.ts[i]) }

// registers assigns a line of x, one of y, two scratch registers and the bias or
// scale. AVX2 has its tail mask in 15.
func (g *patchGen) registers() {
	g.xs, g.ys, g.ts = []int{0, 1, 2, 3, 4, 5}, []int{6, 7, 8, 9, 10, 11}, []int{12, 13, 14}
}

// heldColumn and heldRow assign them where vector j of row i is held in register
// 6·i+j. A large output's line needs y(4) and y(5) for what x(1) and x(3) end as.
func (g *patchGen) heldColumn(j int) {
	g.xs, g.ys, g.ts = []int{24, 25, 26, 27, 28, 29}, []int{j, 6 + j, 12 + j, 18 + j, 25, 27}, []int{30, 31}
}

func (g *patchGen) heldRow(i int) {
	g.xs = []int{6 * i, 6*i + 1, 6*i + 2, 6*i + 3, 6*i + 4, 6*i + 5}
	g.ys, g.ts = []int{24, 25, 26, 27, 30, 31}, []int{28, 29, 30}
}

// constant is constant i: AVX-512 has registers for them, unless these hold the patch.
func (g *patchGen) constant(i int) Op {
	if g.v == avx512 && !g.held {
		return g.v.reg(16 + i)
	}
	return constantTable.Offset(32 * g.number(i))
}

// number is the place of constant i in the table.
func (g *patchGen) number(i int) int {
	for n, c := range tableOf {
		if c == g.constants[i] {
			return n
		}
	}
	panic("constant is not in the table")
}

var (
	constantTable Mem
	tableOf       = []float64{2, 0.5, -2.5, math.Sqrt2, 1 / math.Sqrt2, 2 * math.Sqrt2, 1 / (2 * math.Sqrt2),
		-2.0 / 3, -math.Sqrt2 / 3, 1.0 / 3}
)

// multiple is i times a distance that is held as in wRow, from base on.
func multiple(base reg.Register, d [3]reg.GPPhysical, i int) Mem {
	m := Mem{Base: base}
	if i > 0 {
		m.Index = d[[...]int{0, 0, 0, 1, 0, 2}[i]]
		m.Scale = [...]uint8{0, 1, 2, 1, 4, 1}[i]
	}
	return m
}

func (g *patchGen) generate(name string) {
	function(name, "(p *patch)")
	Load(Param("p"), wPatch)
	MOVQ(g.field(patchX), wX)
	MOVQ(g.field(patchOut), wOut)
	MOVQ(g.field(patchAdd), wAdd)
	MOVQ(g.field(patchVec), wVector)
	for _, d := range []struct {
		field int
		to    [3]reg.GPPhysical
	}{{patchXRow, wRow}, {patchOutCol, wCol}} {
		MOVQ(g.field(d.field), d.to[0])
		SHLQ(U8(2), d.to[0])
		LEAQ(Mem{Base: d.to[0], Index: d.to[0], Scale: 2}, d.to[1])
		LEAQ(Mem{Base: d.to[0], Index: d.to[0], Scale: 4}, d.to[2])
	}
	if g.v == avx512 && !g.held {
		for i := range g.constants {
			VBROADCASTSS(constantTable.Offset(32*g.number(i)), g.v.reg(16+i))
		}
	}
	MOVQ(g.field(patchC), wLeft)
	g.v.setTail(wLeft, wAt)
	SHLQ(U8(2), wLeft)

	Label("whole")
	CMPQ(wLeft, I32(g.v.bytes()))
	JLT(LabelRef("tail"))
	g.vector("whole", false)
	for _, p := range []reg.GPPhysical{wX, wOut} {
		ADDQ(I32(g.v.bytes()), p)
	}
	if g.kind == "filter" || g.kind == "output" {
		ADDQ(I32(g.v.bytes()), wVector)
	}
	if g.kind == "output" {
		TESTQ(wAdd, wAdd)
		JZ(LabelRef("noadd"))
		ADDQ(I32(g.v.bytes()), wAdd)
		Label("noadd")
	}
	SUBQ(I32(g.v.bytes()), wLeft)
	JMP(LabelRef("whole"))
	Label("tail")
	TESTQ(wLeft, wLeft)
	JZ(LabelRef("done"))
	g.vector("tail", true)
	Label("done")
	VZEROUPPER()
	RET()
}

// vector transforms one vector of channels, or the last few of them.
func (g *patchGen) vector(name string, tail bool) {
	load := func(m Mem, dst reg.VecPhysical) {
		if tail {
			g.v.loadMasked(m, g.v.tailMask(), dst)
		} else {
			g.v.load(m, dst)
		}
	}
	g.registers()
	if (g.kind == "filter" || g.kind == "output") && !g.held {
		load(Mem{Base: wVector}, g.tmp(2))
	}
	between := func(i, j int) Mem { return g.field(patchTmp + (i*6+j)*64) }
	MOVQ(g.field(patchXCol), wTmp)
	MOVQ(wX, wAt)
	for j := range g.in {
		if g.held {
			g.heldColumn(j)
		}
		for i := range g.in {
			if g.kind == "output" || g.kind == "weight" {
				g.v.load(multiple(wAt, wRow, i), g.x(i)) // rows of whole panels
			} else {
				load(multiple(wAt, wRow, i), g.x(i))
			}
			if g.kind == "filter" {
				VMULPS(g.tmp(2), g.x(i), g.x(i))
			}
		}
		g.line(g)
		for i := range g.out {
			if !g.held {
				VMOVUPS(g.y(i), between(i, j))
			}
		}
		if j < g.in-1 {
			LEAQ(Mem{Base: wAt, Index: wTmp, Scale: 4}, wAt)
		}
	}
	MOVQ(wOut, wAt)
	for i := range g.out {
		if g.held {
			g.heldRow(i)
		} else {
			for j := range g.in {
				g.v.load(between(i, j), g.x(j))
			}
		}
		g.line(g)
		if g.held {
			load(Mem{Base: wVector}, g.tmp(2))
		}
		if g.kind == "output" {
			g.finish(fmt.Sprintf("%s%d", name, i), i, load)
		}
		for j := range g.out {
			if j > 0 && g.kind == "output" {
				CMPQ(g.field(patchCols), U8(j))
				JLE(LabelRef(fmt.Sprintf("%s%dstored", name, i)))
			}
			if tail && (g.kind == "output" || g.kind == "weight") {
				g.v.storeMasked(g.y(j), g.v.tailMask(), multiple(wAt, wCol, j))
			} else {
				VMOVUPS(g.y(j), multiple(wAt, wCol, j))
			}
		}
		Label(fmt.Sprintf("%s%dstored", name, i))
		if i < g.out-1 {
			if g.kind == "output" {
				CMPQ(g.field(patchRows), U8(i+1))
				JLE(LabelRef(name + "rows"))
			}
			MOVQ(g.field(patchOutRow), wTmp)
			LEAQ(Mem{Base: wAt, Index: wTmp, Scale: 4}, wAt)
		}
	}
	Label(name + "rows")
}

// finish adds the bias and the addend to row i of the output and clamps it; the
// operands of VMAXPS and VMINPS are ordered as in the register tile.
func (g *patchGen) finish(name string, i int, load func(m Mem, dst reg.VecPhysical)) {
	for j := range g.out {
		VADDPS(g.tmp(2), g.y(j), g.y(j))
	}
	TESTQ(wAdd, wAdd)
	JZ(LabelRef(name + "clamp"))
	MOVQ(g.field(patchAddRow), wTmp)
	IMUL3Q(U8(4*i), wTmp, wTmp)
	ADDQ(wAdd, wTmp)
	for j := range g.out {
		if j > 0 {
			CMPQ(g.field(patchCols), U8(j))
			JLE(LabelRef(name + "clamp"))
		}
		load(Mem{Base: wTmp}, g.tmp(0))
		VADDPS(g.tmp(0), g.y(j), g.y(j))
		if j < g.out-1 {
			// There is no register left for the distance.
			for range 4 {
				ADDQ(g.field(patchAddCol), wTmp)
			}
		}
	}
	Label(name + "clamp")
	VBROADCASTSS(g.field(patchLo), g.tmp(0))
	VBROADCASTSS(g.field(patchHi), g.tmp(1))
	for j := range g.out {
		VMAXPS(g.y(j), g.tmp(0), g.y(j))
		VMINPS(g.y(j), g.tmp(1), g.y(j))
	}
}

// The lines below are the products of one line by the matrices that
// kernel/winograd_generic.go derives, for tiles of 2 and 4.

// fma sets dst = a·constant + dst.
func (g *patchGen) fma(constant int, a, dst reg.VecPhysical) {
	if g.held {
		VFMADD231PS_BCST(g.constant(constant), a, dst)
	} else {
		VFMADD231PS(g.constant(constant), a, dst)
	}
}

// mul sets dst = a·constant.
func (g *patchGen) mul(constant int, a, dst reg.VecPhysical) {
	if g.held {
		VMULPS_BCST(g.constant(constant), a, dst)
	} else {
		VMULPS(g.constant(constant), a, dst)
	}
}

// fnma sets dst = dst - a·constant.
func (g *patchGen) fnma(constant int, a, dst reg.VecPhysical) {
	VFNMADD231PS(g.constant(constant), a, dst)
}

func inputLine2(g *patchGen) {
	VSUBPS(g.x(2), g.x(0), g.y(0))
	VADDPS(g.x(1), g.x(2), g.y(1))
	VSUBPS(g.x(1), g.x(2), g.y(2))
	VSUBPS(g.x(1), g.x(3), g.y(3))
}

// constants: 1/2
func filterLine2(g *patchGen) {
	VADDPS(g.x(0), g.x(2), g.tmp(0))
	VADDPS(g.x(1), g.tmp(0), g.y(1))
	VSUBPS(g.x(1), g.tmp(0), g.y(2))
	VMULPS(g.constant(0), g.y(1), g.y(1))
	VMULPS(g.constant(0), g.y(2), g.y(2))
	VMOVAPS(g.x(0), g.y(0))
	VMOVAPS(g.x(2), g.y(3))
}

func outputLine2(g *patchGen) {
	VADDPS(g.x(1), g.x(0), g.y(0))
	VADDPS(g.x(2), g.y(0), g.y(0))
	VSUBPS(g.x(2), g.x(1), g.y(1))
	VADDPS(g.x(3), g.y(1), g.y(1))
}

// constants: 2, 1/2, -5/2, √2, 1/√2
func inputLine4(g *patchGen) {
	const two, half, minus, b, a = 0, 1, 2, 3, 4
	VADDPS(g.x(4), g.x(0), g.y(0))
	g.fma(minus, g.x(2), g.y(0))
	VADDPS(g.x(5), g.x(1), g.y(5))
	g.fma(minus, g.x(3), g.y(5))
	even := func(c int, u, v reg.VecPhysical) { // u = v ± …
		VMOVAPS(g.x(4), u)
		g.fnma(c, g.x(2), u)
		VMOVAPS(u, v)
	}
	odd := func(c int) {
		VMOVAPS(g.x(3), g.tmp(0))
		g.fnma(c, g.x(1), g.tmp(0))
	}
	even(two, g.y(1), g.y(2))
	odd(two)
	g.fma(a, g.tmp(0), g.y(1))
	g.fnma(a, g.tmp(0), g.y(2))
	even(half, g.y(3), g.y(4))
	odd(half)
	g.fma(b, g.tmp(0), g.y(3))
	g.fnma(b, g.tmp(0), g.y(4))
}

// constants: 1/2, 2, -2/3, -√2/3, 1/3
func filterLine4(g *patchGen) {
	const half, two, p, q, third = 0, 1, 2, 3, 4
	VMOVAPS(g.x(0), g.y(0))
	VMOVAPS(g.x(2), g.y(5))
	VMOVAPS(g.x(0), g.tmp(0))
	g.fma(half, g.x(2), g.tmp(0))
	VMULPS(g.constant(p), g.tmp(0), g.y(1))
	VMOVAPS(g.y(1), g.y(2))
	g.fma(q, g.x(1), g.y(1))
	g.fnma(q, g.x(1), g.y(2))
	VMOVAPS(g.x(0), g.tmp(0))
	g.fma(two, g.x(2), g.tmp(0))
	VMULPS(g.constant(third), g.tmp(0), g.tmp(0))
	VMULPS(g.constant(half), g.tmp(0), g.y(3))
	VMOVAPS(g.y(3), g.y(4))
	VMULPS(g.constant(q), g.x(1), g.tmp(0))
	g.fnma(half, g.tmp(0), g.y(3))
	g.fma(half, g.tmp(0), g.y(4))
}

// constants: 1/√2, √2, 1/2, 2, 1/(2√2), 2√2
func outputLine4(g *patchGen) {
	const a, b, a2, b2, a3, b3 = 0, 1, 2, 3, 4, 5
	sum1, sum2, dif1, dif2 := g.tmp(0), g.tmp(1), g.y(4), g.y(5)
	VADDPS(g.x(2), g.x(1), sum1)
	VADDPS(g.x(4), g.x(3), sum2)
	VSUBPS(g.x(2), g.x(1), dif1)
	VSUBPS(g.x(4), g.x(3), dif2)
	VADDPS(sum1, g.x(0), g.y(0))
	VADDPS(sum2, g.y(0), g.y(0))
	g.mul(a, dif1, g.y(1))
	g.fma(b, dif2, g.y(1))
	g.mul(a2, sum1, g.y(2))
	g.fma(b2, sum2, g.y(2))
	VMOVAPS(g.x(5), g.y(3))
	g.fma(a3, dif1, g.y(3))
	g.fma(b3, dif2, g.y(3))
}

// constants: 1/2, 2, 1/√2, √2
func gradientLine4(g *patchGen) {
	const half, two, a, b = 0, 1, 2, 3
	pair := func(c, point int, u, v reg.VecPhysical) {
		VMOVAPS(g.x(0), u)
		g.fma(c, g.x(2), u)
		VMOVAPS(u, v)
		VMOVAPS(g.x(1), g.tmp(0))
		g.fma(c, g.x(3), g.tmp(0))
		g.fma(point, g.tmp(0), u)
		g.fnma(point, g.tmp(0), v)
	}
	pair(half, a, g.y(1), g.y(2))
	pair(two, b, g.y(3), g.y(4))
	VMOVAPS(g.x(0), g.y(0))
	VMOVAPS(g.x(3), g.y(5))
}

// constants: -2/3, -√2/3, 1/3, 1/2
func weightLine4(g *patchGen) {
	const p, q, third, half = 0, 1, 2, 3
	sum1, sum2, dif1, dif2 := g.tmp(0), g.tmp(1), g.y(1), g.y(3)
	VADDPS(g.x(2), g.x(1), sum1)
	VADDPS(g.x(4), g.x(3), sum2)
	VSUBPS(g.x(2), g.x(1), dif1)
	VSUBPS(g.x(4), g.x(3), dif2)
	VMULPS(g.constant(third), sum2, sum2)
	VMOVAPS(g.x(0), g.y(0))
	g.fma(p, sum1, g.y(0))
	g.fma(half, sum2, g.y(0))
	g.fnma(half, dif2, dif1)
	VMULPS(g.constant(q), dif1, g.y(1))
	VADDPS(sum2, g.x(5), g.y(2))
	g.fnma(third, sum1, g.y(2))
}

func allPatches(v vectors) {
	constantTable = GLOBL("winogradConstants", RODATA|NOPTR)
	for i, c := range tableOf {
		for lane := range 8 {
			DATA(32*i+4*lane, U32(math.Float32bits(float32(c))))
		}
	}
	const s = math.Sqrt2
	for _, g := range []patchGen{
		{kind: "input", in: 4, out: 4, line: inputLine2},
		{kind: "filter", in: 3, out: 4, line: filterLine2, constants: []float64{0.5}},
		{kind: "output", in: 4, out: 2, line: outputLine2},
		{kind: "input", in: 6, out: 6, line: inputLine4, constants: []float64{2, 0.5, -2.5, s, 1 / s}},
		{kind: "filter", in: 3, out: 6, line: filterLine4, constants: []float64{0.5, 2, -2.0 / 3, -s / 3, 1.0 / 3}},
		{kind: "output", in: 6, out: 4, line: outputLine4, constants: []float64{1 / s, s, 0.5, 2, 1 / (2 * s), 2 * s}},
		{kind: "gradient", in: 4, out: 6, line: gradientLine4, constants: []float64{0.5, 2, 1 / s, s}},
		{kind: "weight", in: 6, out: 3, line: weightLine4, constants: []float64{-2.0 / 3, -s / 3, 1.0 / 3, 0.5}},
	} {
		g.v, g.held = v, v == avx512 && g.kind == "output" && g.out == 4
		size := g.out - 2
		if g.kind == "output" || g.kind == "weight" {
			size = g.in - 2
		}
		g.generate(fmt.Sprintf("%s%dPatch%s", g.kind, size, v))
	}
}

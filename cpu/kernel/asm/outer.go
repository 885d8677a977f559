package main

import (
	"fmt"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.outer, in bytes.
const (
	outerA       = 0
	outerB       = 24
	outerC       = 48
	outerRuns    = 72
	outerRunsLen = 80
	outerAstep   = 96
	outerLdc     = 104
	outerCols    = 112
	outerAdd     = 120
	outerMask    = 128
	outerAhead   = 256
	outerAheadBy = 264
)

// rAheadBy is the distance of what is prefetched, in bytes.
var rAheadBy = reg.R9

// outerGen generates one height of the tile that sums outer products; see
// kernel.outer. Accumulators and masks are those of the tile of products.
type outerGen struct{ tileGen }

// generate emits the function. ldb is the width of b's panel in bytes.
func (g *outerGen) generate(name string, ldb int) {
	function(name, "(t *outer)")
	Load(Param("t"), rTile)
	MOVQ(g.field(outerAstep), rLda)
	SHLQ(U8(2), rLda)
	g.setOuterMask()

	for r := range g.rows {
		for j := range g.vecs {
			VXORPS(g.acc(r, j), g.acc(r, j), g.acc(r, j))
		}
	}
	MOVQ(g.field(outerAhead), rAhead)
	MOVQ(g.field(outerAheadBy), rAheadBy)
	SHLQ(U8(2), rAheadBy)
	MOVQ(g.field(outerRuns), rSegs)
	MOVQ(g.field(outerRunsLen), rSegCnt)
	TESTQ(rSegCnt, rSegCnt)
	JZ(LabelRef("finish"))

	Label("run")
	MOVQ(g.field(outerA), rBase)
	MOVQ(Mem{Base: rSegs}, rP0)
	LEAQ(Mem{Base: rBase, Index: rP0, Scale: 4}, rP0)
	MOVQ(Mem{Base: rSegs, Disp: 8}, rB)
	SHLQ(U8(bits.TrailingZeros(uint(ldb))), rB)
	ADDQ(g.field(outerB), rB)
	MOVQ(Mem{Base: rSegs, Disp: 16}, rK)
	Label("pixel")
	for j := range g.vecs {
		g.v.load(Mem{Base: rB, Disp: (g.half*g.vecs + j) * g.v.bytes()}, g.b[j])
	}
	for r := range g.rows {
		x := g.element[r%2]
		VBROADCASTSS(Mem{Base: rP0, Disp: 4 * r}, x)
		for j := range g.vecs {
			VFMADD231PS(g.b[j], x, g.acc(r, j))
		}
	}
	if g.half == 0 {
		PREFETCHT1(Mem{Base: rAhead})
		ADDQ(rAheadBy, rAhead)
	}
	ADDQ(rLda, rP0)
	ADDQ(I32(ldb), rB)
	DECQ(rK)
	JNZ(LabelRef("pixel"))
	ADDQ(I32(24), rSegs)
	DECQ(rSegCnt)
	JNZ(LabelRef("run"))

	// The sum of this call is added to what is there as one number: a long sum in
	// blocks loses less to rounding than one running sum.
	Label("finish")
	MOVQ(g.field(outerAdd), rTmp)
	TESTQ(rTmp, rTmp)
	JZ(LabelRef("store"))
	g.output(func(r, j int, m Mem) {
		g.v.loadMasked(m, g.outerMask(j), g.element[0])
		VADDPS(g.element[0], g.acc(r, j), g.acc(r, j))
	})
	Label("store")
	g.output(func(r, j int, m Mem) { g.v.storeMasked(g.acc(r, j), g.outerMask(j), m) })
	VZEROUPPER()
	RET()
}

// output visits the vectors of the result.
func (g *outerGen) output(visit func(r, j int, m Mem)) {
	MOVQ(g.field(outerC), rP0)
	MOVQ(g.field(outerLdc), rTmp)
	SHLQ(U8(2), rTmp)
	for r := range g.rows {
		for j := range g.vecs {
			visit(r, j, Mem{Base: rP0, Disp: (g.half*g.vecs + j) * g.v.bytes()})
		}
		if r < g.rows-1 {
			ADDQ(rTmp, rP0)
		}
	}
}

// setOuterMask loads the masks of the columns that exist.
func (g *outerGen) setOuterMask() {
	if g.v == avx512 {
		// K1, K2 = the low and the high half of 2^cols - 1.
		MOVQ(g.field(outerCols), reg.RCX)
		MOVQ(U32(1), rP0)
		SHLQ(reg.CL, rP0)
		DECQ(rP0)
		KMOVW(rP0.As32(), reg.K1)
		SHRQ(U8(16), rP0)
		KMOVW(rP0.As32(), reg.K2)
	}
}

func (g *outerGen) outerMask(j int) columnMask {
	if g.v == avx512 {
		return columnMask{reg: masks[j]}
	}
	return columnMask{reg: g.b[1], from: g.field(outerMask + (g.half*g.vecs+j)*g.v.bytes())}
}

// packRows generates the copying of rows of so many floats, a constant distance apart,
// to where they lie one after the other.
func packRows(v vectors, width int) {
	function(fmt.Sprintf("pack%d%s", width, v), "(dst, src *float32, pitch, rows int)")
	dst, src, pitch, rows := eDst, eA, eB, eLeft
	Load(Param("dst"), dst)
	Load(Param("src"), src)
	Load(Param("pitch"), pitch)
	Load(Param("rows"), rows)
	SHLQ(U8(2), pitch)
	Label("row")
	n := width / v.lanes()
	for j := range n {
		v.load(Mem{Base: src, Disp: j * v.bytes()}, v.reg(j))
	}
	for j := range n {
		VMOVUPS(v.reg(j), Mem{Base: dst, Disp: j * v.bytes()})
	}
	ADDQ(pitch, src)
	ADDQ(I32(4*width), dst)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// outers generates all heights and panel widths, and the packing of panels.
func outers(v vectors) {
	packRows(v, 32)
	packRows(v, 16)
	for _, width := range []int{32, 16} {
		if v == avx512 {
			for rows := 1; rows <= 14; rows++ {
				g := outerGen{tileGen{v: v, rows: rows, vecs: width / 16}}
				g.b = [2]reg.VecPhysical{reg.Z28, reg.Z29}
				g.element = [2]reg.VecPhysical{reg.Z30, reg.Z31}
				g.generate(fmt.Sprintf("outer%dx%dAVX512", rows, width), 4*width)
			}
			continue
		}
		// Twelve accumulators of 8; a panel of 32 columns is done as two halves.
		for half := range width / 16 {
			for rows := 1; rows <= 6; rows++ {
				g := outerGen{tileGen{v: v, rows: rows, vecs: 2, half: half}}
				g.b = [2]reg.VecPhysical{reg.Y12, reg.Y13}
				g.element = [2]reg.VecPhysical{reg.Y14, reg.Y15}
				g.generate(fmt.Sprintf("outer%dx%dhalf%dAVX2", rows, width, half), 4*width)
			}
		}
	}
}

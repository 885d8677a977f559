package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.tile, in bytes.
const (
	tileA       = 0
	tileB       = 24
	tileC       = 48
	tileAdd     = 72
	tileBias    = 96
	tileSegs    = 104
	tileSegsLen = 112
	tileKlen    = 128
	tileLdb     = 136
	tileLda     = 144
	tileLdc     = 152
	tileLdadd   = 160
	tileCount   = 168
	tileAstep   = 176
	tileCstep   = 184
	tileAddstep = 192
	tileCols    = 208
	tileLo      = 216
	tileHi      = 220
	tileMask    = 224
	tileCPos    = 352
	tileAddPos  = 360
	tileAhead   = 368
	tileAheadAt = 376
)

// tileGen generates one height of the register tile. Registers are assigned by
// hand: the AVX-512 tile of 14 x 32 needs all 32 vector registers.
type tileGen struct {
	v       vectors
	rows    int
	vecs    int // vector registers per row
	group   int // rows reached from one base pointer of a
	half    int // AVX2: which 16 columns of a 32-column panel
	b       [2]reg.VecPhysical
	element [2]reg.VecPhysical // broadcast elements of a, used in turn
}

// Roles of the general registers.
var (
	rTile   = reg.RDI
	rLda    = reg.R8  // distance of rows of a
	rLda3   = reg.R9  // three times
	rLda5   = reg.R10 // five times
	rBase   = reg.RSI // row 0 of the tile in a
	rP0     = reg.RAX // position in row 0
	rP1     = reg.RBX // position in row `group`
	rB      = reg.RDX
	rSegs   = reg.R11
	rSegCnt = reg.R12
	rK      = reg.R13
	rCount  = reg.R15 // tiles left
	rTmp    = reg.RCX
	rAhead  = reg.RCX // within the products: what is prefetched
)

func (g *tileGen) field(offset int) Mem { return Mem{Base: rTile, Disp: offset} }

// acc is the accumulator of row r, vector j.
func (g *tileGen) acc(r, j int) reg.VecPhysical { return g.v.reg(r*g.vecs + j) }

// elem is the element of a in row r, u floats ahead of the position. Seven rows
// are reached from one pointer with the multiples 1, 3 and 5 of the row pitch in
// registers.
func (g *tileGen) elem(r, u int) Mem {
	m := Mem{Base: rP0, Disp: 4 * u}
	if r >= g.group {
		m.Base, r = rP1, r-g.group
	}
	switch r {
	case 1:
		m.Index, m.Scale = rLda, 1
	case 2:
		m.Index, m.Scale = rLda, 2
	case 3:
		m.Index, m.Scale = rLda3, 1
	case 4:
		m.Index, m.Scale = rLda, 4
	case 5:
		m.Index, m.Scale = rLda5, 1
	case 6:
		m.Index, m.Scale = rLda3, 2
	}
	return m
}

// step adds the products of position u.
func (g *tileGen) step(u, ldb int) {
	for j := range g.vecs {
		g.v.load(Mem{Base: rB, Disp: u*ldb + (g.half*g.vecs+j)*g.v.bytes()}, g.b[j])
	}
	for r := range g.rows {
		x := g.element[r%2]
		VBROADCASTSS(g.elem(r, u), x)
		for j := range g.vecs {
			VFMADD231PS(g.b[j], x, g.acc(r, j))
		}
	}
}

// generate emits the function. ldb is the width of b's panel in bytes.
func (g *tileGen) generate(name string, ldb int) {
	function(name, "(t *tile)")
	Load(Param("t"), rTile)
	MOVQ(g.field(tileLda), rLda)
	SHLQ(U8(2), rLda)
	LEAQ(Mem{Base: rLda, Index: rLda, Scale: 2}, rLda3)
	LEAQ(Mem{Base: rLda, Index: rLda, Scale: 4}, rLda5)
	MOVQ(g.field(tileA), rBase)
	MOVQ(g.field(tileCount), rCount)
	g.setMask()
	XORQ(rTmp, rTmp)
	MOVQ(rTmp, g.field(tileCPos))
	MOVQ(rTmp, g.field(tileAddPos))

	Label("tile")
	g.prefetchOutput()
	MOVQ(g.field(tileBias), rTmp)
	for j := range g.vecs {
		g.v.load(Mem{Base: rTmp, Disp: (g.half*g.vecs + j) * g.v.bytes()}, g.acc(0, j))
	}
	for r := 1; r < g.rows; r++ {
		for j := range g.vecs {
			VMOVAPS(g.acc(0, j), g.acc(r, j))
		}
	}
	MOVQ(g.field(tileAheadAt), rAhead)
	LEAQ(Mem{Base: rBase, Index: rAhead, Scale: 4}, rAhead)
	MOVQ(g.field(tileB), rB)
	MOVQ(g.field(tileSegs), rSegs)
	MOVQ(g.field(tileSegsLen), rSegCnt)
	TESTQ(rSegCnt, rSegCnt)
	JZ(LabelRef("finish"))

	Label("segment")
	MOVQ(Mem{Base: rSegs}, rP0)
	LEAQ(Mem{Base: rBase, Index: rP0, Scale: 4}, rP0)
	if g.rows > g.group {
		g.secondBase()
	}
	const unroll = 4
	MOVQ(g.field(tileKlen), rK)
	SUBQ(Imm(unroll), rK)
	JL(LabelRef("rest"))
	Label("four")
	for u := range unroll {
		g.step(u, ldb)
		if g.rows > 4*u {
			PREFETCHT1(Mem{Base: rAhead, Disp: 64 * u})
		}
	}
	ADDQ(g.field(tileAhead), rAhead)
	g.advance(unroll, ldb)
	SUBQ(Imm(unroll), rK)
	JGE(LabelRef("four"))
	Label("rest")
	ADDQ(Imm(unroll), rK)
	JZ(LabelRef("next"))
	Label("one")
	g.step(0, ldb)
	g.advance(1, ldb)
	DECQ(rK)
	JNZ(LabelRef("one"))
	Label("next")
	ADDQ(Imm(8), rSegs)
	DECQ(rSegCnt)
	JNZ(LabelRef("segment"))

	Label("finish")
	g.epilogue()

	// Next tile.
	MOVQ(g.field(tileAstep), rTmp)
	LEAQ(Mem{Base: rBase, Index: rTmp, Scale: 4}, rBase)
	DECQ(rCount)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// secondBase sets the position in row `group`.
func (g *tileGen) secondBase() {
	switch g.group {
	case 7: // 7 = 3·2 + 1
		LEAQ(Mem{Base: rP0, Index: rLda3, Scale: 2}, rP1)
		ADDQ(rLda, rP1)
	case 3:
		LEAQ(Mem{Base: rP0, Index: rLda3, Scale: 1}, rP1)
	default:
		panic(fmt.Sprintf("no address for row %d", g.group))
	}
}

func (g *tileGen) advance(steps, ldb int) {
	ADDQ(I32(steps*ldb), rB)
	ADDQ(I32(4*steps), rP0)
	if g.rows > g.group {
		ADDQ(I32(4*steps), rP1)
	}
}

// prefetchOutput fetches the lines of c that will be stored, which otherwise
// stalls layers with few inputs and large outputs.
func (g *tileGen) prefetchOutput() {
	MOVQ(g.field(tileC), rP0)
	MOVQ(g.field(tileLdc), rTmp)
	SHLQ(U8(2), rTmp)
	MOVQ(g.field(tileCPos), rB)
	LEAQ(Mem{Base: rP0, Index: rB, Scale: 4}, rP0)
	for r := range g.rows {
		for line := 0; line < g.vecs*g.v.bytes(); line += 64 {
			PREFETCHT0(Mem{Base: rP0, Disp: g.half*g.vecs*g.v.bytes() + line})
		}
		if r < g.rows-1 {
			ADDQ(rTmp, rP0)
		}
	}
}

// output moves rP0 from the first tile's row 0 to the current tile's, notes the
// position of the next tile and loads the row pitch in bytes to rTmp.
func (g *tileGen) output(position, step, pitch int) {
	MOVQ(g.field(position), rB)
	LEAQ(Mem{Base: rP0, Index: rB, Scale: 4}, rP0)
	ADDQ(g.field(step), rB)
	MOVQ(rB, g.field(position))
	MOVQ(g.field(pitch), rTmp)
	SHLQ(U8(2), rTmp)
}

// epilogue adds the addend, clamps and stores. There is no register left for
// the positions of the current tile, so they are kept in the tile itself; as
// numbers, since a pointer past the end would confuse the garbage collector.
func (g *tileGen) epilogue() {
	offset := g.half * g.vecs * g.v.bytes()
	at := func(base reg.Register, j int) Mem { return Mem{Base: base, Disp: offset + j*g.v.bytes()} }

	MOVQ(g.field(tileAdd), rP0)
	TESTQ(rP0, rP0)
	JZ(LabelRef("clamp"))
	g.output(tileAddPos, tileAddstep, tileLdadd)
	for r := range g.rows {
		for j := range g.vecs {
			g.v.loadMasked(at(rP0, j), g.mask(j), g.element[0])
			VADDPS(g.element[0], g.acc(r, j), g.acc(r, j))
		}
		if r < g.rows-1 {
			ADDQ(rTmp, rP0)
		}
	}

	// MAXPS and MINPS return the second source, here the accumulator, if one
	// of the sources is NaN.
	Label("clamp")
	VBROADCASTSS(g.field(tileLo), g.b[0])
	VBROADCASTSS(g.field(tileHi), g.element[0])
	for r := range g.rows {
		for j := range g.vecs {
			VMAXPS(g.acc(r, j), g.b[0], g.acc(r, j))
		}
	}
	CMPL(g.field(tileHi), U32(0x7f800000)) // +Inf
	JEQ(LabelRef("store"))
	for r := range g.rows {
		for j := range g.vecs {
			VMINPS(g.acc(r, j), g.element[0], g.acc(r, j))
		}
	}
	Label("store")

	MOVQ(g.field(tileC), rP0)
	g.output(tileCPos, tileCstep, tileLdc)
	store := func(f func(v reg.VecPhysical, j int, m Mem)) {
		for r := range g.rows {
			for j := range g.vecs {
				f(g.acc(r, j), j, at(rP0, j))
			}
			if r < g.rows-1 {
				ADDQ(rTmp, rP0)
			}
		}
	}
	CMPQ(g.field(tileCols), U8((g.half+1)*g.vecs*g.v.lanes()))
	JLT(LabelRef("ragged"))
	store(func(v reg.VecPhysical, _ int, m Mem) { VMOVUPS(v, m) })
	JMP(LabelRef("stored"))
	Label("ragged")
	store(func(v reg.VecPhysical, j int, m Mem) { g.v.storeMasked(v, g.mask(j), m) })
	Label("stored")
}

// setMask loads the masks of the columns that exist.
func (g *tileGen) setMask() {
	if g.v == avx512 {
		// K1, K2 = the low and the high half of 2^cols - 1.
		MOVQ(g.field(tileCols), reg.RCX)
		MOVQ(U32(1), rP0)
		SHLQ(reg.CL, rP0)
		DECQ(rP0)
		KMOVW(rP0.As32(), reg.K1)
		SHRQ(U8(16), rP0)
		KMOVW(rP0.As32(), reg.K2)
	}
	// AVX2 reads its masks from the tile at each use.
}

func (g *tileGen) mask(j int) columnMask {
	if g.v == avx512 {
		return columnMask{reg: masks[j]}
	}
	return columnMask{reg: g.b[1], from: g.field(tileMask + (g.half*g.vecs+j)*g.v.bytes())}
}

// tiles generates all heights and panel widths.
func tiles(v vectors) {
	if v == avx512 {
		for _, width := range []int{32, 16} {
			for rows := 1; rows <= 14; rows++ {
				g := tileGen{v: v, rows: rows, vecs: width / 16, group: 7}
				g.b = [2]reg.VecPhysical{reg.Z28, reg.Z29}
				g.element = [2]reg.VecPhysical{reg.Z30, reg.Z31}
				g.generate(fmt.Sprintf("tile%dx%dAVX512", rows, width), 4*width)
			}
		}
		return
	}
	// Twelve accumulators of 8; a panel of 32 columns is done as two halves.
	for _, width := range []int{32, 16} {
		for half := range width / 16 {
			for rows := 1; rows <= 6; rows++ {
				g := tileGen{v: v, rows: rows, vecs: 2, group: 3, half: half}
				g.b = [2]reg.VecPhysical{reg.Y12, reg.Y13}
				g.element = [2]reg.VecPhysical{reg.Y14, reg.Y15}
				g.generate(fmt.Sprintf("tile%dx%dhalf%dAVX2", rows, width, half), 4*width)
			}
		}
	}
}

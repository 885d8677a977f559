package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.channelRow, in bytes.
const (
	rowX        = 0
	rowOut      = 24
	rowW        = 48
	rowBias     = 72
	rowAdd      = 96
	rowC        = 120
	rowRows     = 128
	rowXRow     = 136
	rowXCol     = 144
	rowWRow     = 152
	rowOutCol   = 160
	rowAddCol   = 168
	rowLeft     = 176
	rowRight    = 184
	rowPixels   = 192
	rowBlocks   = 200
	rowLo       = 208
	rowHi       = 212
	blockPixels = 7
)

// rowGen generates one of the loops of depthwise convolution: blocks of seven
// output pixels of a row, all channels. In registers are the sums of the block and
// the weights of one kernel row; each input is loaded once for every kernel row and
// goes to all sums that it belongs to.
type rowGen struct {
	v      vectors
	width  int // of the kernel
	stride int
	edge   bool // some columns are padding, or fewer pixels are to be stored
}

// Roles of the general registers.
var (
	dRow    = reg.RDI
	dX      = reg.RSI // first column of the block
	dOut    = reg.RDX
	dAdd    = reg.RBX
	dChan   = reg.RCX // channels done, in bytes
	dXRow   = reg.R8  // the current row of the kernel
	dWRow   = reg.R9
	dRows   = reg.R10 // rows left
	dAt     = reg.R11
	dStep   = reg.R12
	dLeft   = reg.R13 // columns that exist
	dRight  = reg.R15
	dTmp    = reg.RAX
	dBlocks = reg.R8 // at the end of a block
)

func (g *rowGen) field(offset int) Mem { return Mem{Base: dRow, Disp: offset} }

func (g *rowGen) sum(p int) reg.VecPhysical    { return g.v.reg(p) }
func (g *rowGen) weight(k int) reg.VecPhysical { return g.v.reg(blockPixels + k) }
func (g *rowGen) column(j int) reg.VecPhysical { return g.v.reg(blockPixels + g.width + j%2) }

func (g *rowGen) load(m Mem, dst reg.VecPhysical, tail bool) {
	if tail {
		g.v.loadMasked(m, g.v.tailMask(), dst)
	} else {
		g.v.load(m, dst)
	}
}

func (g *rowGen) generate() {
	name := fmt.Sprintf("row%dby%d", g.width, g.stride)
	if g.edge {
		name += "edge"
	}
	function(name+g.v.String(), "(r *channelRow)")
	Load(Param("r"), dRow)
	MOVQ(g.field(rowX), dX)
	MOVQ(g.field(rowOut), dOut)
	MOVQ(g.field(rowAdd), dAdd)
	MOVQ(g.field(rowC), dChan)
	g.v.setTail(dChan, dTmp)
	if g.edge {
		MOVQ(g.field(rowLeft), dLeft)
		MOVQ(g.field(rowRight), dRight)
		// x begins with the first column that exists.
		MOVQ(g.field(rowXCol), dTmp)
		IMULQ(dLeft, dTmp)
		SHLQ(U8(2), dTmp)
		SUBQ(dTmp, dX)
	}

	Label("block")
	XORQ(dChan, dChan)
	g.channels("whole", false)
	g.channels("tail", true)
	if !g.edge {
		advance := func(p reg.GPPhysical, field, pixels int) {
			MOVQ(g.field(field), dTmp)
			IMUL3Q(U32(4*pixels), dTmp, dTmp)
			ADDQ(dTmp, p)
		}
		advance(dX, rowXCol, blockPixels*g.stride)
		advance(dOut, rowOutCol, blockPixels)
		TESTQ(dAdd, dAdd)
		JZ(LabelRef("noadd"))
		advance(dAdd, rowAddCol, blockPixels)
		Label("noadd")
		MOVQ(g.field(rowBlocks), dBlocks)
		DECQ(dBlocks)
		MOVQ(dBlocks, g.field(rowBlocks))
		JNZ(LabelRef("block"))
	}
	VZEROUPPER()
	RET()
}

// channels does a vector of channels after the other, or the masked rest.
func (g *rowGen) channels(name string, tail bool) {
	Label(name)
	MOVQ(g.field(rowC), dTmp)
	SHLQ(U8(2), dTmp)
	SUBQ(dChan, dTmp)
	if tail {
		JZ(LabelRef(name + "done"))
	} else {
		CMPQ(dTmp, I32(g.v.bytes()))
		JLT(LabelRef(name + "done"))
	}
	MOVQ(g.field(rowBias), dTmp)
	g.load(Mem{Base: dTmp, Index: dChan, Scale: 1}, g.sum(0), tail)
	for p := 1; p < blockPixels; p++ {
		VMOVAPS(g.sum(0), g.sum(p))
	}
	MOVQ(g.field(rowRows), dRows)
	TESTQ(dRows, dRows)
	JZ(LabelRef(name + "finish"))
	LEAQ(Mem{Base: dX, Index: dChan, Scale: 1}, dXRow)
	MOVQ(g.field(rowW), dWRow)
	ADDQ(dChan, dWRow)

	Label(name + "row")
	MOVQ(g.field(rowC), dStep)
	MOVQ(dWRow, dAt)
	for k := range g.width {
		g.load(Mem{Base: dAt}, g.weight(k), tail)
		if k < g.width-1 {
			LEAQ(Mem{Base: dAt, Index: dStep, Scale: 4}, dAt)
		}
	}
	MOVQ(g.field(rowXCol), dStep)
	MOVQ(dXRow, dAt)
	last := (blockPixels-1)*g.stride + g.width - 1
	for j := range last + 1 {
		skip := fmt.Sprintf("%scolumn%d", name, j)
		if g.edge {
			if j < g.width {
				CMPQ(dLeft, U8(j))
				JGT(LabelRef(skip))
			}
			CMPQ(dRight, U8(j))
			JLE(LabelRef(skip))
		}
		g.load(Mem{Base: dAt}, g.column(j), tail)
		for k := range g.width {
			if p := (j - k) / g.stride; j >= k && (j-k)%g.stride == 0 && p < blockPixels {
				VFMADD231PS(g.weight(k), g.column(j), g.sum(p))
			}
		}
		if g.edge {
			Label(skip)
		}
		if j < last {
			LEAQ(Mem{Base: dAt, Index: dStep, Scale: 4}, dAt)
		}
	}
	MOVQ(g.field(rowXRow), dStep)
	LEAQ(Mem{Base: dXRow, Index: dStep, Scale: 4}, dXRow)
	MOVQ(g.field(rowWRow), dStep)
	LEAQ(Mem{Base: dWRow, Index: dStep, Scale: 4}, dWRow)
	DECQ(dRows)
	JNZ(LabelRef(name + "row"))

	Label(name + "finish")
	g.finish(name, tail)
	if !tail {
		ADDQ(I32(g.v.bytes()), dChan)
		JMP(LabelRef(name))
	}
	Label(name + "done")
}

// finish adds the addend, clamps and stores.
func (g *rowGen) finish(name string, tail bool) {
	value, bound := g.column(0), g.column(1)
	// each does something with all pixels that are to be stored.
	each := func(what string, first reg.GPPhysical, pitch int, do func(p int)) {
		LEAQ(Mem{Base: first, Index: dChan, Scale: 1}, dAt)
		MOVQ(g.field(pitch), dStep)
		for p := range blockPixels {
			if g.edge && p > 0 {
				CMPQ(g.field(rowPixels), U8(p))
				JLE(LabelRef(name + what))
			}
			do(p)
			if p < blockPixels-1 {
				LEAQ(Mem{Base: dAt, Index: dStep, Scale: 4}, dAt)
			}
		}
		Label(name + what)
	}
	TESTQ(dAdd, dAdd)
	JZ(LabelRef(name + "added"))
	each("added", dAdd, rowAddCol, func(p int) {
		g.load(Mem{Base: dAt}, value, tail)
		VADDPS(value, g.sum(p), g.sum(p))
	})
	// The second source is the one that a NaN comes from: see the tiles.
	VBROADCASTSS(g.field(rowLo), value)
	VBROADCASTSS(g.field(rowHi), bound)
	for p := range blockPixels {
		VMAXPS(g.sum(p), value, g.sum(p))
		VMINPS(g.sum(p), bound, g.sum(p))
	}
	each("stored", dOut, rowOutCol, func(p int) {
		if tail {
			g.v.storeMasked(g.sum(p), g.v.tailMask(), Mem{Base: dAt})
		} else {
			VMOVUPS(g.sum(p), Mem{Base: dAt})
		}
	})
}

func depthwise(v vectors) {
	for _, width := range []int{3, 5} {
		for stride := 1; stride <= 2; stride++ {
			for _, edge := range []bool{false, true} {
				g := rowGen{v, width, stride, edge}
				g.generate()
			}
		}
	}
}

package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Roles of the general registers in the element-wise loops.
var (
	eDst  = reg.RDI
	eA    = reg.RSI
	eB    = reg.RDX
	eLeft = reg.R8 // elements left
	eTmp  = reg.RAX
)

// stream runs body on all vectors of the operands: several at a time, single
// ones, and a last one of which only some lanes exist. Body j is given its
// operands in registers 4·j and 4·j+1, may use those up to 4·j+3 and leaves the
// result in 4·j. Four bodies side by side with AVX-512 and two with AVX2 leave
// the registers of vectors.constant to the caller.
func stream(v vectors, operands []reg.GPPhysical, dst reg.GPPhysical, body func(j int)) {
	wideStream(v, 4, operands, dst, body)
}

// wideStream is stream with more registers for a body than 4.
func wideStream(v vectors, width int, operands []reg.GPPhysical, dst reg.GPPhysical, body func(j int)) {
	together := map[vectors]int{avx512: 4, avx2: 2}[v]
	MOVQ(eLeft, reg.RCX)
	v.setTail(reg.RCX, eTmp)
	do := func(n int, tail bool) {
		for j := range n {
			for i, p := range operands {
				m := Mem{Base: p, Disp: j * v.bytes()}
				if tail {
					v.loadMasked(m, v.tailMask(), v.reg(width*j+i))
				} else {
					v.load(m, v.reg(width*j+i))
				}
			}
		}
		for j := range n {
			body(j)
		}
		for j := range n {
			if dst == nil {
				break
			}
			m := Mem{Base: dst, Disp: j * v.bytes()}
			if tail {
				v.storeMasked(v.reg(width*j), v.tailMask(), m)
			} else {
				VMOVUPS(v.reg(width*j), m)
			}
		}
	}
	for _, n := range []int{together, 1} {
		loop, after := "loop", "afterloop"
		if n == 1 {
			loop, after = "single", "aftersingle"
		}
		Label(loop)
		CMPQ(eLeft, I32(n*v.lanes()))
		JLT(LabelRef(after))
		do(n, false)
		for _, p := range operands {
			ADDQ(I32(n*v.bytes()), p)
		}
		if dst != nil {
			ADDQ(I32(n*v.bytes()), dst)
		}
		SUBQ(I32(n*v.lanes()), eLeft)
		JMP(LabelRef(loop))
		Label(after)
	}
	TESTQ(eLeft, eLeft)
	JZ(LabelRef("done"))
	do(1, true)
	Label("done")
}

// constant is a register that stream leaves alone.
func (v vectors) constant(i int) reg.VecPhysical {
	if v == avx512 {
		return v.reg(16 + i)
	}
	return v.reg(8 + i)
}

func elementwise(v vectors) {
	binary(v, "add", func(a, b, _ reg.VecPhysical) { VADDPS(b, a, a) })
	binary(v, "mul", func(a, b, _ reg.VecPhysical) { VMULPS(b, a, a) })
	binary(v, "max", func(a, b, tmp reg.VecPhysical) { v.maximum(b, a, tmp) })
	// The second source, here the element, is what comes out if one is NaN.
	scalars(v, "clamp", "lo", "hi", func(x, lo, hi reg.VecPhysical) {
		VMAXPS(x, lo, x)
		VMINPS(x, hi, x)
	})
	scalars(v, "scale", "s", "offset", func(x, s, offset reg.VecPhysical) { VFMADD213PS(offset, s, x) })
	exp(v)
	reduction(v, "sum")
	reduction(v, "max")
}

func binary(v vectors, name string, op func(a, b, tmp reg.VecPhysical)) {
	function(name+"Stream"+v.String(), "(dst, a, b *float32, n int)")
	Load(Param("dst"), eDst)
	Load(Param("a"), eA)
	Load(Param("b"), eB)
	Load(Param("n"), eLeft)
	stream(v, []reg.GPPhysical{eA, eB}, eDst, func(j int) {
		op(v.reg(4*j), v.reg(4*j+1), v.reg(4*j+2))
	})
	VZEROUPPER()
	RET()
}

func scalars(v vectors, name, first, second string, op func(x, a, b reg.VecPhysical)) {
	function(name+"Stream"+v.String(), "(dst, a *float32, n int, "+first+", "+second+" float32)")
	Load(Param("dst"), eDst)
	Load(Param("a"), eA)
	Load(Param("n"), eLeft)
	for i, p := range []string{first, second} {
		m, err := Param(p).Resolve()
		if err != nil {
			panic(err)
		}
		VBROADCASTSS(m.Addr, v.constant(i))
	}
	stream(v, []reg.GPPhysical{eA}, eDst, func(j int) {
		op(v.reg(4*j), v.constant(0), v.constant(1))
	})
	VZEROUPPER()
	RET()
}

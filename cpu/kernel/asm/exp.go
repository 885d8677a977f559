package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of exp, by position in its table. e^x = 2^n·e^r with n = round(x/ln 2)
// and r = x - n·ln 2, |r| <= ln(2)/2; ln 2 is split so that n·ln2High is exact.
// e^r = 1 + r + r²·q(r), q of degree 4 interpolates (e^r-1-r)/r² at the Chebyshev
// nodes of a slightly wider interval: relative error of e^r below 3e-9, a
// twentieth of a unit in the last place.
const (
	expLowest  = iota // below it the result is 0
	expHighest        // above it Inf
	expLog2e
	expLn2High
	expLn2Low
	expQ4
	expQ3
	expQ2
	expQ1
	expQ0
	expOne
	expBias // of the exponent, an integer
	expConstants
)

func expValues() []float32 {
	ln2High := float32(0x1.62e4p-1) // 14 bits, so that 8 bits of n fit beside them
	return []float32{
		expLowest: -104, expHighest: 89,
		expLog2e: float32(math.Log2E), expLn2High: ln2High, expLn2Low: float32(math.Ln2 - float64(ln2High)),
		expQ4: 0.0013926250831497611, expQ3: 0.008363232883682618, expQ2: 0.04166655421298415,
		expQ1: 0.16666576666119928, expQ0: 0.5, expOne: 1, expBias: math.Float32frombits(127),
	}
}

// constants lays numbers out as a table of whole vectors.
func constants(name string, values []float32) Mem {
	table := GLOBL(name, NOPTR|RODATA)
	for i, c := range values {
		for lane := range 16 {
			DATA(64*i+4*lane, U32(math.Float32bits(c)))
		}
	}
	return table
}

func exp(v vectors) {
	table := constants("expTable", expValues())
	function("expStream"+v.String(), "(dst, a *float32, n int)")
	Load(Param("dst"), eDst)
	Load(Param("a"), eA)
	Load(Param("n"), eLeft)
	LEAQ(table, reg.R9)
	c := func(i int) Mem { return Mem{Base: reg.R9, Disp: 64 * i} }
	stream(v, []reg.GPPhysical{eA}, eDst, func(j int) {
		expOf(v, c, v.reg(4*j), v.reg(4*j+1), v.reg(4*j+2), v.reg(4*j+3))
	})
	VZEROUPPER()
	RET()
}

// expOf makes x e^x; c gives the constants, the other registers are its own.
func expOf(v vectors, c func(int) Mem, x, n, p, tmp reg.VecPhysical) {
	// With x as second source NaN passes, and goes through to the result.
	v.load(c(expLowest), tmp)
	VMAXPS(x, tmp, x)
	v.load(c(expHighest), tmp)
	VMINPS(x, tmp, x)
	VMULPS(c(expLog2e), x, n)
	if v == avx512 {
		VRNDSCALEPS(U8(0), n, n)
	} else {
		VROUNDPS(U8(0), n, n)
	}
	VFNMADD231PS(c(expLn2High), n, x)
	VFNMADD231PS(c(expLn2Low), n, x)
	v.load(c(expQ4), p)
	for i := expQ3; i <= expQ0; i++ {
		VFMADD213PS(c(i), x, p)
	}
	VMULPS(x, x, tmp)
	VFMADD213PS(x, tmp, p) // r²·q + r
	VADDPS(c(expOne), p, x)
	if v == avx512 {
		VSCALEFPS(n, x, x)
		return
	}
	// 2^n in two factors, since n goes from -150 to 128; the first product
	// is exact.
	VCVTPS2DQ(n, n)
	VPSRAD(U8(1), n, tmp)
	VPSUBD(tmp, n, n)
	for _, half := range []reg.VecPhysical{tmp, n} {
		VPADDD(c(expBias), half, half)
		VPSLLD(U8(23), half, half)
		VMULPS(half, x, x)
	}
}

package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants of the functions, by position in their table, behind those of exp.
// The polynomials have the least largest relative error of the function that they
// are for (found by Lawson's iteration in double precision).
const (
	// log(1+f) = f + f²·q(f) for 1+f between √½ and √2, relative error 2^-27.9.
	logQ8 = expConstants + iota
	logQ7
	logQ6
	logQ5
	logQ4
	logQ3
	logQ2
	logQ1
	logQ0
	logSqrtHalf // its bits
	logLeast    // the smallest normal number
	logShift    // 2^23, which makes subnormal numbers normal
	logShifted  // 23
	logMinusInf
	logNaN
	logInf
	logLn2Low
	// tanh(x) = x + x³·q(x²) for |x| < 0.64, relative error 2^-27.4.
	tanhQ4
	tanhQ3
	tanhQ2
	tanhQ1
	tanhQ0
	tanhSmall
	functionTwo
	functionSign // the sign bit
	functionMinusOne
	// erf(x) = x + x·q(x²) for |x| < 1, relative error 2^-29.6.
	erfQ6
	erfQ5
	erfQ4
	erfQ3
	erfQ2
	erfQ1
	erfQ0
	// erf(x) = 1 - e^r(x) for 1 <= x < 4, relative error 2^-29.8; beyond it is 1.
	erfR6
	erfR5
	erfR4
	erfR3
	erfR2
	erfR1
	erfR0
	erfLargest
	functionConstants
)

func functionValues() []float32 {
	bits := math.Float32frombits
	values := append(expValues(), make([]float32, functionConstants-expConstants)...)
	set := func(first int, to ...float32) { copy(values[first:], to) }
	set(logQ8, -0.07622108608484268, 0.12904690206050873, -0.13242976367473602, 0.14181779325008392, -0.16609077155590057,
		0.20001976191997528, -0.25001582503318787, 0.33333325386047363, -0.49999988079071045)
	set(logSqrtHalf, float32(math.Sqrt2/2), bits(0x00800000), 1<<23, 23, bits(0xff800000), bits(0x7fc00000), bits(0x7f800000))
	set(logLn2Low, float32(math.Ln2-float64(values[expLn2High])))
	set(tanhQ4, -0.005591015797108412, 0.020538819953799248, -0.05370965600013733, 0.133310928940773, -0.33333268761634827)
	set(tanhSmall, 0.64, 2, bits(0x80000000), -1)
	set(erfQ6, 7.853860734030604e-05, -0.0008010193705558777, 0.005188327748328447, -0.026853812858462334, 0.1128358542919159,
		-0.3761262595653534, 0.12837916612625122)
	set(erfR6, 0.00018637925677467138, -0.0029476589988917112, 0.02183806709945202, -0.10310675948858261, -0.638144850730896,
		-1.1270891427993774, -0.0003415223036427051)
	set(erfLargest, 4)
	return values
}

// where copies the lanes of src in which mask holds to dst. A mask is what compare
// leaves: K2, or tmp with AVX2.
func (v vectors) where(tmp, src, dst reg.VecPhysical) {
	if v == avx512 {
		VMOVAPS(src, reg.K2, dst)
	} else {
		VBLENDVPS(tmp, src, dst, dst)
	}
}

// whereConstant is where for a constant in memory; scratch is another register,
// which AVX2 needs.
func (v vectors) whereConstant(tmp reg.VecPhysical, src Mem, scratch, dst reg.VecPhysical) {
	if v == avx512 {
		VMOVUPS(src, reg.K2, dst)
	} else {
		VMOVUPS(src, scratch)
		VBLENDVPS(tmp, scratch, dst, dst)
	}
}

// Predicates of VCMPPS.
const (
	equal       = 0x00
	notEqual    = 0x04 // true for NaN
	lessThan    = 0x11
	lessOrEqual = 0x12
	notGreater  = 0x0a | 0x10 // true for NaN
	notAtLeast  = 0x09 | 0x10 // true for NaN
)

// compare leaves a mask of the lanes in which a stands in some relation to b.
func (v vectors) compare(predicate int, a reg.VecPhysical, b Op, tmp reg.VecPhysical) {
	if v == avx512 {
		VCMPPS(U8(predicate), b, a, reg.K2)
	} else {
		VCMPPS(U8(predicate), b, a, tmp)
	}
}

func (v vectors) round(mode uint8, x, dst reg.VecPhysical) {
	if v == avx512 {
		VRNDSCALEPS(U8(mode), x, dst)
	} else {
		VROUNDPS(U8(mode), x, dst)
	}
}

func functions(v vectors) {
	table := constants("functionTable", functionValues())
	c := func(i int) Mem { return Mem{Base: reg.R9, Disp: 64 * i} }
	one := c(expOne)

	// begin loads the parameters and gives the roles that stream wants.
	begin := func(name string, operands ...reg.GPPhysical) []reg.GPPhysical {
		parameters := []string{"a", "b", "c"}[:len(operands)]
		list := "a"
		for _, p := range parameters[1:] {
			list += ", " + p
		}
		function(name+"Stream"+v.String(), "(dst, "+list+" *float32, n int)")
		Load(Param("dst"), eDst)
		for i, p := range parameters {
			Load(Param(p), operands[i])
		}
		Load(Param("n"), eLeft)
		LEAQ(table, reg.R9)
		return operands
	}
	end := func() {
		VZEROUPPER()
		RET()
	}
	pair := func(name string, op func(a, b, tmp reg.VecPhysical)) {
		operands := begin(name, eA, eB)
		stream(v, operands, eDst, func(j int) { op(v.reg(4*j), v.reg(4*j+1), v.reg(4*j+2)) })
		end()
	}
	single := func(name string, op func(x, a, b, c, d, e reg.VecPhysical)) {
		operands := begin(name, eA)
		wideStream(v, 6, operands, eDst, func(j int) {
			op(v.reg(6*j), v.reg(6*j+1), v.reg(6*j+2), v.reg(6*j+3), v.reg(6*j+4), v.reg(6*j+5))
		})
		end()
	}

	pair("sub", func(a, b, _ reg.VecPhysical) { VSUBPS(b, a, a) })
	pair("div", func(a, b, _ reg.VecPhysical) { VDIVPS(b, a, a) })
	pair("min", func(a, b, tmp reg.VecPhysical) {
		v.compare(3, b, b, tmp) // unordered: NaN
		VMINPS(a, b, a)
		v.where(tmp, b, a)
	})
	for name, predicate := range relations() {
		pair(name, func(a, b, tmp reg.VecPhysical) {
			v.compare(predicate, a, b, tmp)
			if v == avx512 {
				VMOVUPS_Z(one, reg.K2, a)
			} else {
				VANDPS(one, tmp, a)
			}
		})
	}
	operands := begin("choose", eA, eB, reg.R10)
	stream(v, operands, eDst, func(j int) {
		which, yes, no, tmp := v.reg(4*j), v.reg(4*j+1), v.reg(4*j+2), v.reg(4*j+3)
		VXORPS(tmp, tmp, tmp)
		v.compare(notEqual, which, tmp, tmp)
		VMOVAPS(no, which)
		v.where(tmp, yes, which)
	})
	end()

	single("neg", func(x, _, _, _, _, _ reg.VecPhysical) { VXORPS(c(functionSign), x, x) })
	single("abs", func(x, t, _, _, _, _ reg.VecPhysical) {
		v.load(c(functionSign), t)
		VANDNPS(x, t, x)
	})
	single("sign", func(x, zero, sign, tmp, scratch, _ reg.VecPhysical) {
		VXORPS(zero, zero, zero)
		VMOVAPS(x, sign) // zero of either sign and NaN stay
		v.compare(lessThan, zero, x, tmp)
		v.whereConstant(tmp, one, scratch, sign)
		v.compare(lessThan, x, zero, tmp)
		v.whereConstant(tmp, c(functionMinusOne), scratch, sign)
		VMOVAPS(sign, x)
	})
	single("sqrt", func(x, _, _, _, _, _ reg.VecPhysical) { VSQRTPS(x, x) })
	single("rsqrt", func(x, t, _, _, _, _ reg.VecPhysical) {
		VSQRTPS(x, x)
		v.load(one, t)
		VDIVPS(x, t, x)
	})
	for i, name := range []string{"round", "floor", "ceil"} {
		single(name, func(x, _, _, _, _, _ reg.VecPhysical) { v.round(uint8(i), x, x) })
	}
	single("log", func(x, e, f, p, tmp, _ reg.VecPhysical) { logOf(v, c, x, e, f, p, tmp) })
	single("logistic", func(x, a, b, d, _, _ reg.VecPhysical) {
		VXORPS(c(functionSign), x, x)
		expOf(v, c, x, a, b, d)
		VADDPS(one, x, x)
		v.load(one, a)
		VDIVPS(x, a, x)
	})
	single("tanh", func(x, a, b, d, e, p reg.VecPhysical) { tanhOf(v, c, x, a, b, d, e, p) })
	single("erf", func(x, a, b, d, e, p reg.VecPhysical) { erfOf(v, c, x, a, b, d, e, p) })
}

// relations are yielded in a fixed order.
func relations() func(yield func(string, int) bool) {
	return func(yield func(string, int) bool) {
		_ = yield("less", lessThan) && yield("lessOrEqual", lessOrEqual) && yield("equal", equal) && yield("notEqual", notEqual)
	}
}

// horner evaluates a polynomial of x with coefficients from first to last in p.
func horner(v vectors, c func(int) Mem, first, last int, x, p reg.VecPhysical) {
	v.load(c(first), p)
	for i := first + 1; i <= last; i++ {
		VFMADD213PS(c(i), x, p)
	}
}

// logOf splits x into 2^e·(1+f) by its bits and adds e·ln 2, whose high part times e
// is exact, to log(1+f).
func logOf(v vectors, c func(int) Mem, x, e, f, p, tmp reg.VecPhysical) {
	VMOVAPS(x, f)
	VXORPS(e, e, e)
	v.compare(lessThan, x, c(logLeast), tmp)
	if v == avx512 {
		VMULPS(c(logShift), f, reg.K2, f)
		VMOVUPS_Z(c(logShifted), reg.K2, e)
	} else {
		VMULPS(c(logShift), x, p)
		VBLENDVPS(tmp, p, f, f)
		VANDPS(c(logShifted), tmp, e)
	}
	VPSUBD(c(logSqrtHalf), f, p)
	VPSRAD(U8(23), p, p)
	VPSLLD(U8(23), p, tmp)
	VPSUBD(tmp, f, f)
	VCVTDQ2PS(p, p)
	VSUBPS(e, p, e)
	VSUBPS(c(expOne), f, f)
	horner(v, c, logQ8, logQ0, f, p)
	VMULPS(f, p, p)
	VMULPS(f, p, p)
	VFMADD231PS(c(logLn2Low), e, p)
	VADDPS(p, f, f)
	VFMADD231PS(c(expLn2High), e, f)
	// Below zero there is no logarithm, and infinity and NaN stay.
	VXORPS(p, p, p)
	v.compare(notAtLeast, x, p, tmp)
	v.whereConstant(tmp, c(logNaN), e, f)
	v.compare(equal, x, p, tmp)
	v.whereConstant(tmp, c(logMinusInf), e, f)
	v.compare(equal, x, c(logInf), tmp)
	v.whereConstant(tmp, c(logInf), e, f)
	VMOVAPS(f, x)
}

// tanhOf is a polynomial near zero and 1 - 2/(e^2|x| + 1) with the sign of x elsewhere.
func tanhOf(v vectors, c func(int) Mem, x, a, b, d, large, p reg.VecPhysical) {
	v.load(c(functionSign), p)
	VANDNPS(x, p, large)
	VADDPS(large, large, large)
	expOf(v, c, large, a, b, d)
	VADDPS(c(expOne), large, large)
	v.load(c(functionTwo), a)
	VDIVPS(large, a, a)
	v.load(c(expOne), large)
	VSUBPS(a, large, large)
	VANDPS(p, x, a)
	VORPS(a, large, large)

	VANDNPS(x, p, b) // |x|
	VMULPS(x, x, a)
	horner(v, c, tanhQ4, tanhQ0, a, p)
	VMULPS(a, p, p)
	VFMADD213PS(x, x, p)
	v.compare(lessThan, b, c(tanhSmall), d)
	v.where(d, p, large)
	VMOVAPS(large, x)
}

// erfOf has a polynomial of its own on each side of |x| = 1.
func erfOf(v vectors, c func(int) Mem, x, a, b, d, large, p reg.VecPhysical) {
	v.load(c(functionSign), p)
	VANDNPS(x, p, a)
	// With |x| as second source NaN passes.
	v.load(c(erfLargest), b)
	VMINPS(a, b, a)
	horner(v, c, erfR6, erfR0, a, large)
	expOf(v, c, large, a, b, d)
	v.load(c(expOne), a)
	VSUBPS(large, a, large)
	VANDPS(p, x, a)
	VORPS(a, large, large)

	VANDNPS(x, p, b)
	VMULPS(x, x, a)
	horner(v, c, erfQ6, erfQ0, a, p)
	VFMADD213PS(x, x, p)
	v.compare(lessThan, b, c(expOne), d)
	v.where(d, p, large)
	VMOVAPS(large, x)
}

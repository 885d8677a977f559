//go:build !noasm

package kernel

var functionsAVX512 = functions{
	sub:         binary(subStreamAVX512),
	div:         binary(divStreamAVX512),
	min:         binary(minStreamAVX512),
	less:        binary(lessStreamAVX512),
	lessOrEqual: binary(lessOrEqualStreamAVX512),
	equal:       binary(equalStreamAVX512),
	notEqual:    binary(notEqualStreamAVX512),
	choose:      ternary(chooseStreamAVX512),
	neg:         unary(negStreamAVX512),
	abs:         unary(absStreamAVX512),
	sqrt:        unary(sqrtStreamAVX512),
	sign:        unary(signStreamAVX512),
	rsqrt:       unary(rsqrtStreamAVX512),
	round:       unary(roundStreamAVX512),
	floor:       unary(floorStreamAVX512),
	ceil:        unary(ceilStreamAVX512),
	log:         unary(logStreamAVX512),
	logistic:    unary(logisticStreamAVX512),
	tanh:        unary(tanhStreamAVX512),
	erf:         unary(erfStreamAVX512),
}

var functionsAVX2 = functions{
	sub:         binary(subStreamAVX2),
	div:         binary(divStreamAVX2),
	min:         binary(minStreamAVX2),
	less:        binary(lessStreamAVX2),
	lessOrEqual: binary(lessOrEqualStreamAVX2),
	equal:       binary(equalStreamAVX2),
	notEqual:    binary(notEqualStreamAVX2),
	choose:      ternary(chooseStreamAVX2),
	neg:         unary(negStreamAVX2),
	abs:         unary(absStreamAVX2),
	sqrt:        unary(sqrtStreamAVX2),
	sign:        unary(signStreamAVX2),
	rsqrt:       unary(rsqrtStreamAVX2),
	round:       unary(roundStreamAVX2),
	floor:       unary(floorStreamAVX2),
	ceil:        unary(ceilStreamAVX2),
	log:         unary(logStreamAVX2),
	logistic:    unary(logisticStreamAVX2),
	tanh:        unary(tanhStreamAVX2),
	erf:         unary(erfStreamAVX2),
}

func ternary(f func(dst, a, b, c *float32, n int)) func(dst, a, b, c []float32) {
	return func(dst, a, b, c []float32) {
		if n := len(dst); n > 0 {
			f(&dst[0], &a[:n][0], &b[:n][0], &c[:n][0], n)
		}
	}
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	weightBits = 22 // fractional bits of a weight
	lowBits    = 11 // of those, how many are in the low part
	taps       = 4  // weights in a group
	pixels     = 4  // new pixels made at once
)

// resampleRow generates the horizontal pass over n new pixels (a multiple of 4)
// with 3 or 4 channels.
//
// VPMADDWD multiplies 16-bit numbers and adds neighbouring products, which is
// twice as much work as a 32-bit multiplication does, but a weight has 24 bits.
// So weights come in two parts, weight = high*2^11 + low, and so do the sums.
//
// Four old pixels are loaded at once and shuffled into words
//
//	r0 r1 r2 r3 g0 g1 g2 g3 | b0 b1 b2 b3 a0 a1 a2 a3
//
// against which a group of four weights is multiplied, repeated four times. Per
// new pixel the weights are groups x (4 high parts, 4 low parts), the last ones
// zero. 16 bytes are read for each group and 16 are written for each four pixels,
// needed or not.
func resampleRow(channels int) {
	TEXT(fmt.Sprintf("resampleRow%dAVX2", channels), NOSPLIT,
		"func(dst, src *byte, offsets *int32, weights *int16, n, groups int)")
	Doc(fmt.Sprintf("resampleRow%dAVX2 makes n pixels of %d channels; the first old pixel of each is at its byte offset in src.", channels, channels))
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	offsets := Load(Param("offsets"), GP64())
	weights := Load(Param("weights"), GP64())
	n := Load(Param("n"), GP64())
	stride := Load(Param("groups"), GP64())
	SHLQ(Imm(4), stride) // bytes of weights per new pixel

	spread, gather := shuffles(channels)
	toWords, toPixels, half := YMM(), XMM(), YMM()
	VMOVDQU(spread, toWords)
	VMOVDQU(gather, toPixels)
	VPBROADCASTD(constant32("weightHalf"+fmt.Sprint(channels), 1<<(weightBits-1)), half)

	Label("pixels")
	var old [pixels]reg.GPVirtual
	var high, low [pixels]reg.VecVirtual
	for i := range pixels {
		old[i] = GP64()
		MOVLQSX(Mem{Base: offsets, Disp: 4 * i}, old[i])
		ADDQ(src, old[i])
		high[i], low[i] = YMM(), YMM()
		VPXOR(high[i], high[i], high[i])
		VPXOR(low[i], low[i], low[i])
	}
	last := GP64() // weights of the fourth pixel, which no addressing mode reaches
	LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, last)
	ADDQ(weights, last)
	at := [pixels]Mem{
		{Base: weights}, {Base: weights, Index: stride, Scale: 1}, {Base: weights, Index: stride, Scale: 2}, {Base: last},
	}
	left := GP64()
	MOVQ(stride, left)

	Label("groups")
	for i := range pixels {
		words, product := YMM(), YMM()
		VBROADCASTI128(Mem{Base: old[i]}, words)
		VPSHUFB(toWords, words, words)
		VPBROADCASTQ(at[i], product)
		VPMADDWD(words, product, product)
		VPADDD(product, high[i], high[i])
		VPBROADCASTQ(at[i].Offset(2*taps), product)
		VPMADDWD(words, product, product)
		VPADDD(product, low[i], low[i])
		ADDQ(Imm(uint64(taps*channels)), old[i])
	}
	ADDQ(Imm(4*taps), weights)
	ADDQ(Imm(4*taps), last)
	SUBQ(Imm(4*taps), left)
	JNZ(LabelRef("groups"))

	for i := range pixels {
		VPSLLD(Imm(lowBits), high[i], high[i])
		VPADDD(low[i], high[i], high[i])
	}
	// Each sum is still in two halves next to each other. After VPHADDD, in 32
	// bits: r g of two pixels | b a of the same.
	for i := 0; i < pixels; i += 2 {
		VPHADDD(high[i+1], high[i], high[i])
		VPADDD(half, high[i], high[i])
		VPSRAD(Imm(weightBits), high[i], high[i])
	}
	VPACKSSDW(high[2], high[0], high[0])
	VPACKUSWB(high[0], high[0], high[0]) // r g of four pixels, twice | b a of the same, twice
	blue := XMM()
	VEXTRACTI128(Imm(1), high[0], blue)
	VPUNPCKLQDQ(blue, high[0].AsX(), blue)
	VPSHUFB(toPixels, blue, blue)
	VMOVDQU(blue, Mem{Base: dst})

	LEAQ(Mem{Base: weights, Index: stride, Scale: 2}, weights)
	ADDQ(stride, weights)
	ADDQ(Imm(4*pixels), offsets)
	ADDQ(Imm(uint64(pixels*channels)), dst)
	SUBQ(Imm(pixels), n)
	JNZ(LabelRef("pixels"))
	VZEROUPPER()
	RET()
}

// shuffles returns the byte shuffles from interleaved samples into words by
// channel, and from the bytes rgrgrgrg babababa of four pixels into interleaved
// ones.
func shuffles(channels int) (spread, gather Mem) {
	const zero = 0x80
	var in [32]byte
	for c := range 4 {
		for t := range taps {
			word := 2 * (taps*c + t)
			in[word], in[word+1] = byte(channels*t+c), zero
			if c >= channels {
				in[word] = zero
			}
		}
	}
	var out [16]byte
	for i := range out {
		out[i] = zero
	}
	for p := range pixels {
		for c := range channels {
			out[channels*p+c] = byte(8*(c/2) + 2*p + c%2)
		}
	}
	return constantBytes(fmt.Sprintf("spread%d", channels), in[:]), constantBytes(fmt.Sprintf("gather%d", channels), out[:])
}

// resampleColumns generates the vertical pass over n columns (a multiple of 32)
// of samples: the sum of whole rows, stride bytes apart, each by its weight.
func resampleColumns() {
	TEXT("resampleColumnsAVX2", NOSPLIT, "func(dst, src *byte, stride int, weights *int32, count, n int)")
	Doc("resampleColumnsAVX2 makes n samples of a row out of count rows.")
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	stride := Load(Param("stride"), GP64())
	weights := Load(Param("weights"), GP64())
	count := Load(Param("count"), GP64())
	n := Load(Param("n"), GP64())

	half, order := YMM(), YMM()
	VPBROADCASTD(constant32("weightHalf", 1<<(weightBits-1)), half)
	VMOVDQU(constantBytes("packed", []byte{
		0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 6, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0,
	}), order)

	Label("columns")
	var sums [4]reg.VecVirtual
	for i := range sums {
		sums[i] = YMM()
		VMOVDQA(half, sums[i])
	}
	row, weight, left := GP64(), GP64(), GP64()
	MOVQ(src, row)
	MOVQ(weights, weight)
	MOVQ(count, left)

	Label("rows")
	w := YMM()
	VPBROADCASTD(Mem{Base: weight}, w)
	for i := range sums {
		samples := YMM()
		VPMOVZXBD(Mem{Base: row, Disp: 8 * i}, samples)
		VPMULLD(w, samples, samples)
		VPADDD(samples, sums[i], sums[i])
	}
	ADDQ(stride, row)
	ADDQ(Imm(4), weight)
	DECQ(left)
	JNZ(LabelRef("rows"))

	for i := range sums {
		VPSRAD(Imm(weightBits), sums[i], sums[i])
	}
	// The packing instructions clip, and work within halves; VPERMD sorts that.
	VPACKSSDW(sums[1], sums[0], sums[0])
	VPACKSSDW(sums[3], sums[2], sums[2])
	VPACKUSWB(sums[2], sums[0], sums[0])
	VPERMD(sums[0], order, sums[0])
	VMOVDQU(sums[0], Mem{Base: dst})

	ADDQ(Imm(32), src)
	ADDQ(Imm(32), dst)
	SUBQ(Imm(32), n)
	JNZ(LabelRef("columns"))
	VZEROUPPER()
	RET()
}

func constantBytes(name string, b []byte) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, v := range b {
		DATA(i, U8(v))
	}
	return m
}

func constant32(name string, v uint32) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	DATA(0, U32(v))
	return m
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// nearestRow generates the picking of n pixels out of a row: 8 at once with 1
// channel, 4 with 3 or 4, and n is a multiple of that.
//
// Every pixel costs a load of its own; what can be saved is stores. So pixels are
// put side by side in a register, those of 3 bytes with a fourth each, which a
// shuffle drops. (VPGATHERDD, which loads eight at once, takes longer than eight
// loads do.) With 3 channels a store leaves 4 bytes behind its pixels, which the
// next one overwrites.
func nearestRow(channels int) {
	pixels, beyond := 4, ""
	switch channels {
	case 1:
		pixels = 8
	case 3:
		beyond = " It reads 4 bytes for each and writes 4 behind the last."
	}
	name := fmt.Sprintf("nearestRow%dAVX2", channels)
	TEXT(name, NOSPLIT, "func(dst, src *byte, offsets *int32, n int)")
	Doc(fmt.Sprintf("%s copies n pixels of %d bytes, each from its byte offset in src.%s", name, channels, beyond))
	dst := Load(Param("dst"), GP64())
	src := Load(Param("src"), GP64())
	offsets := Load(Param("offsets"), GP64())
	n := Load(Param("n"), GP64())
	pack := XMM()
	if channels == 3 {
		const zero = 0x80
		VMOVDQU(constantBytes("pack3", []byte{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, zero, zero, zero, zero}), pack)
	}

	Label("pixels")
	at := make([]reg.GPVirtual, pixels)
	for i := range at {
		at[i] = GP64()
		MOVLQSX(Mem{Base: offsets, Disp: 4 * i}, at[i])
	}
	x := XMM()
	VPXOR(x, x, x) // nothing to wait for
	for i := range at {
		pixel := Mem{Base: src, Index: at[i], Scale: 1}
		if channels == 1 {
			VPINSRB(Imm(uint64(i)), pixel, x, x)
		} else {
			VPINSRD(Imm(uint64(i)), pixel, x, x)
		}
	}
	switch channels {
	case 1:
		VMOVQ(x, Mem{Base: dst})
	case 3:
		VPSHUFB(pack, x, x)
		VMOVDQU(x, Mem{Base: dst})
	case 4:
		VMOVDQU(x, Mem{Base: dst})
	}
	ADDQ(Imm(uint64(4*pixels)), offsets)
	ADDQ(Imm(uint64(channels*pixels)), dst)
	SUBQ(Imm(uint64(pixels)), n)
	JNZ(LabelRef("pixels"))
	RET()
}

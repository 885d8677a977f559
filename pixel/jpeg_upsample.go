package pixel

// Chroma upsampling, as libjpeg's default ("fancy") does it.
//
// Chroma samples lie in the middle of the luma samples that they stand for, so each output sample is the average of
// the two nearest chroma samples in each halved direction, weighted 3:1 (a triangle filter): 3/4 near + 1/4 far, in
// two directions 9/16, 3/16, 3/16, 1/16. At the picture's edges the far sample is the near one. So that rounding does
// not shift brightness on average, halves alternate: in a row, even output samples are rounded with 1 (of 4) or 8 (of
// 16), odd ones with 2 or 7; between rows, the upper of two with 1, the lower with 2.
//
// The filter is used for ratios 2x1, 1x2 and 2x2; the two with halved width only where there are more than two chroma
// columns. All other ratios repeat samples.
//
// Eight chroma samples are computed at once in 64-bit words, as four lanes of 16 bits for even and four for odd
// positions: 4*255*4 + 8 needs 13 bits.

import "encoding/binary"

// upsampling is how a component's rows become rows of full width.
type upsampling struct {
	kind upsampleKind
	h, v int // output samples per sample
}

type upsampleKind int

const (
	upsampleNone   upsampleKind = iota // full width; rows may be repeated
	upsampleRepeat                     // samples repeated h times
	upsampleH2V1
	upsampleH1V2
	upsampleH2V2
)

// chooseUpsampling says how a component with sampling factors h, v and w samples a row is brought to the frame's
// factors. ok is false when these are no multiples.
func chooseUpsampling(h, v, w, maxH, maxV int) (u upsampling, ok bool) {
	if maxH%h != 0 || maxV%v != 0 {
		return u, false
	}
	u = upsampling{h: maxH / h, v: maxV / v}
	switch {
	case u.h == 2 && u.v == 1 && w > 2:
		u.kind = upsampleH2V1
	case u.h == 1 && u.v == 2:
		u.kind = upsampleH1V2
	case u.h == 2 && u.v == 2 && w > 2:
		u.kind = upsampleH2V2
	case u.h > 1:
		u.kind = upsampleRepeat
	}
	return u, true
}

// upsampleSlack is how far beyond the w samples rows may be read, and beyond their 2*w written.
const upsampleSlack = 32

func repeatSamples(dst, src []byte, n int) {
	if n == 2 {
		for i, v := range src {
			dst[2*i], dst[2*i+1] = v, v
		}
		return
	}
	for i, v := range src {
		d := dst[i*n : i*n+n]
		for j := range d {
			d[j] = v
		}
	}
}

const (
	evenBytes = 0x00ff00ff00ff00ff
	ones16    = 0x0001000100010001
)

// spread puts the 16-bit lanes of e at even and of o at odd places of 16 bytes.
func spread(dst []byte, e, o uint64) {
	d := (*[16]byte)(dst)
	lo := e&0xffff | o&0xffff<<16 | e&0xffff0000<<16 | o&0xffff0000<<32
	hi := e>>32&0xffff | o>>32&0xffff<<16 | e>>48<<32 | o>>48<<48
	binary.LittleEndian.PutUint64(d[:8], lo)
	binary.LittleEndian.PutUint64(d[8:], hi)
}

// upsampleRowH2V1 doubles the width of a row of w > 2 samples. src and dst have upsampleSlack bytes more than w and
// 2*w.
func upsampleRowH2V1(dst, src []byte, w int) {
	last := src[w-1]
	left := uint64(src[0]) // the sample before the word, in the lowest lane
	for i := 0; i < w; i += 8 {
		word := binary.LittleEndian.Uint64(src[i:])
		e, o := word&evenBytes, word>>8&evenBytes
		next := uint64(src[i+8])
		e3, o3 := e*3, o*3
		before, after := o<<16|left, e>>16|next<<48
		ee := (e3+before+ones16)>>2&evenBytes | (e3+o+2*ones16)>>2&evenBytes<<8
		oo := (o3+e+ones16)>>2&evenBytes | (o3+after+2*ones16)>>2&evenBytes<<8
		spread(dst[2*i:], ee, oo)
		left = o >> 48
	}
	dst[0] = src[0]
	dst[2*w-1] = last
}

// upsampleRowH1V2 makes the upper (bias 1) or lower (bias 2) of the two rows that near stands for; far is the next row
// on that side.
func upsampleRowH1V2(dst, near, far []byte, w int, bias uint64) {
	for i := 0; i < w; i += 8 {
		n, f := binary.LittleEndian.Uint64(near[i:]), binary.LittleEndian.Uint64(far[i:])
		e := (n&evenBytes*3 + f&evenBytes + bias*ones16) >> 2 & evenBytes
		o := (n>>8&evenBytes*3 + f>>8&evenBytes + bias*ones16) >> 2 & evenBytes
		binary.LittleEndian.PutUint64(dst[i:], e|o<<8)
	}
}

// upsampleRowH2V2 makes one of the two rows of double width that near stands for.
func upsampleRowH2V2(dst, near, far []byte, w int) {
	first := uint64(near[0])*3 + uint64(far[0])
	end := uint64(near[w-1])*3 + uint64(far[w-1])
	left := first
	for i := 0; i < w; i += 8 {
		n, f := binary.LittleEndian.Uint64(near[i:]), binary.LittleEndian.Uint64(far[i:])
		e, o := n&evenBytes*3+f&evenBytes, n>>8&evenBytes*3+f>>8&evenBytes
		next := uint64(near[i+8])*3 + uint64(far[i+8])
		e3, o3 := e*3, o*3
		before, after := o<<16|left, e>>16|next<<48
		ee := (e3+before+8*ones16)>>4&evenBytes | (e3+o+7*ones16)>>4&evenBytes<<8
		oo := (o3+e+8*ones16)>>4&evenBytes | (o3+after+7*ones16)>>4&evenBytes<<8
		spread(dst[2*i:], ee, oo)
		left = o >> 48
	}
	dst[0] = byte((first*4 + 8) >> 4)
	dst[2*w-1] = byte((end*4 + 7) >> 4)
}

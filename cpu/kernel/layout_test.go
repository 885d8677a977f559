package kernel

import (
	"testing"
	"unsafe"
)

// TestLayout: the offsets that the generators in asm assume, on 64-bit
// machines.
func TestLayout(t *testing.T) {
	if unsafe.Sizeof(0) != 8 {
		t.Skip("no assembly for 32-bit machines")
	}
	var a tile
	var b taps
	var w channelRow
	var p patch
	var o outer
	var n normBlock
	var d dots
	var m maxWindows
	var l tallLines
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"tile.a", unsafe.Offsetof(a.a), 0},
		{"tile.b", unsafe.Offsetof(a.b), 24},
		{"tile.c", unsafe.Offsetof(a.c), 48},
		{"tile.add", unsafe.Offsetof(a.add), 72},
		{"tile.bias", unsafe.Offsetof(a.bias), 96},
		{"tile.segs", unsafe.Offsetof(a.segs), 104},
		{"tile.klen", unsafe.Offsetof(a.klen), 128},
		{"tile.ldb", unsafe.Offsetof(a.ldb), 136},
		{"tile.lda", unsafe.Offsetof(a.lda), 144},
		{"tile.ldc", unsafe.Offsetof(a.ldc), 152},
		{"tile.ldadd", unsafe.Offsetof(a.ldadd), 160},
		{"tile.count", unsafe.Offsetof(a.count), 168},
		{"tile.astep", unsafe.Offsetof(a.astep), 176},
		{"tile.cstep", unsafe.Offsetof(a.cstep), 184},
		{"tile.addstep", unsafe.Offsetof(a.addstep), 192},
		{"tile.cols", unsafe.Offsetof(a.cols), 208},
		{"tile.lo", unsafe.Offsetof(a.lo), 216},
		{"tile.hi", unsafe.Offsetof(a.hi), 220},
		{"tile.mask", unsafe.Offsetof(a.mask), 224},
		{"tile.cpos", unsafe.Offsetof(a.cpos), 352},
		{"tile.addpos", unsafe.Offsetof(a.addpos), 360},
		{"tile.ahead", unsafe.Offsetof(a.ahead), 368},
		{"tile.aheadAt", unsafe.Offsetof(a.aheadAt), 376},
		{"outer.a", unsafe.Offsetof(o.a), 0},
		{"outer.b", unsafe.Offsetof(o.b), 24},
		{"outer.c", unsafe.Offsetof(o.c), 48},
		{"outer.runs", unsafe.Offsetof(o.runs), 72},
		{"outer.astep", unsafe.Offsetof(o.astep), 96},
		{"outer.ldc", unsafe.Offsetof(o.ldc), 104},
		{"outer.cols", unsafe.Offsetof(o.cols), 112},
		{"outer.add", unsafe.Offsetof(o.add), 120},
		{"outer.mask", unsafe.Offsetof(o.mask), 128},
		{"outer.ahead", unsafe.Offsetof(o.ahead), 256},
		{"outer.aheadStep", unsafe.Offsetof(o.aheadStep), 264},
		{"tallLines.x", unsafe.Offsetof(l.x), 0},
		{"tallLines.out", unsafe.Offsetof(l.out), 24},
		{"tallLines.bias", unsafe.Offsetof(l.bias), 48},
		{"tallLines.add", unsafe.Offsetof(l.add), 72},
		{"tallLines.xRow", unsafe.Offsetof(l.xRow), 96},
		{"tallLines.outRow", unsafe.Offsetof(l.outRow), 104},
		{"tallLines.addRow", unsafe.Offsetof(l.addRow), 112},
		{"tallLines.n", unsafe.Offsetof(l.n), 120},
		{"tallLines.rows", unsafe.Offsetof(l.rows), 128},
		{"tallLines.lo", unsafe.Offsetof(l.lo), 136},
		{"tallLines.hi", unsafe.Offsetof(l.hi), 140},
		{"taps.x", unsafe.Offsetof(b.x), 0},
		{"taps.out", unsafe.Offsetof(b.out), 24},
		{"taps.w", unsafe.Offsetof(b.w), 48},
		{"taps.bias", unsafe.Offsetof(b.bias), 72},
		{"taps.add", unsafe.Offsetof(b.add), 96},
		{"taps.offs", unsafe.Offsetof(b.offs), 120},
		{"taps.woffs", unsafe.Offsetof(b.woffs), 144},
		{"taps.c", unsafe.Offsetof(b.c), 168},
		{"taps.count", unsafe.Offsetof(b.count), 176},
		{"taps.xstep", unsafe.Offsetof(b.xstep), 184},
		{"taps.outstep", unsafe.Offsetof(b.outstep), 192},
		{"taps.addstep", unsafe.Offsetof(b.addstep), 200},
		{"run", unsafe.Sizeof(run{}), 24},
		{"taps.lo", unsafe.Offsetof(b.lo), 208},
		{"taps.hi", unsafe.Offsetof(b.hi), 212},
		{"normBlock.x", unsafe.Offsetof(n.x), 0},
		{"normBlock.dy", unsafe.Offsetof(n.dy), 24},
		{"normBlock.add", unsafe.Offsetof(n.add), 48},
		{"normBlock.out", unsafe.Offsetof(n.out), 72},
		{"normBlock.mean", unsafe.Offsetof(n.mean), 96},
		{"normBlock.scale", unsafe.Offsetof(n.scale), 120},
		{"normBlock.offset", unsafe.Offsetof(n.offset), 144},
		{"normBlock.k", unsafe.Offsetof(n.k), 168},
		{"normBlock.q", unsafe.Offsetof(n.q), 192},
		{"normBlock.r", unsafe.Offsetof(n.r), 216},
		{"normBlock.sum", unsafe.Offsetof(n.sum), 240},
		{"normBlock.sumX", unsafe.Offsetof(n.sumX), 264},
		{"normBlock.n", unsafe.Offsetof(n.n), 288},
		{"normBlock.lo", unsafe.Offsetof(n.lo), 296},
		{"normBlock.hi", unsafe.Offsetof(n.hi), 300},
		{"maxWindows.x", unsafe.Offsetof(m.x), 0},
		{"maxWindows.dy", unsafe.Offsetof(m.dy), 24},
		{"maxWindows.dx", unsafe.Offsetof(m.dx), 48},
		{"maxWindows.offs", unsafe.Offsetof(m.offs), 72},
		{"maxWindows.c", unsafe.Offsetof(m.c), 96},
		{"maxWindows.count", unsafe.Offsetof(m.count), 104},
		{"maxWindows.xstep", unsafe.Offsetof(m.xstep), 112},
		{"maxWindows.dystep", unsafe.Offsetof(m.dystep), 120},
		{"dots.x", unsafe.Offsetof(d.x), 0},
		{"dots.dy", unsafe.Offsetof(d.dy), 24},
		{"dots.sum", unsafe.Offsetof(d.sum), 48},
		{"dots.c", unsafe.Offsetof(d.c), 72},
		{"dots.count", unsafe.Offsetof(d.count), 80},
		{"dots.xstep", unsafe.Offsetof(d.xstep), 88},
		{"dots.dystep", unsafe.Offsetof(d.dystep), 96},
		{"dots.row", unsafe.Offsetof(d.row), 104},
		{"dots.col", unsafe.Offsetof(d.col), 112},
		{"dots.sumRow", unsafe.Offsetof(d.sumRow), 120},
		{"dots.sumCol", unsafe.Offsetof(d.sumCol), 128},
		{"dots.lines", unsafe.Offsetof(d.lines), 136},
		{"dots.xgap", unsafe.Offsetof(d.xgap), 144},
		{"dots.dygap", unsafe.Offsetof(d.dygap), 152},
		{"channelRow.x", unsafe.Offsetof(w.x), 0},
		{"channelRow.out", unsafe.Offsetof(w.out), 24},
		{"channelRow.w", unsafe.Offsetof(w.w), 48},
		{"channelRow.bias", unsafe.Offsetof(w.bias), 72},
		{"channelRow.add", unsafe.Offsetof(w.add), 96},
		{"channelRow.c", unsafe.Offsetof(w.c), 120},
		{"channelRow.rows", unsafe.Offsetof(w.rows), 128},
		{"channelRow.xRow", unsafe.Offsetof(w.xRow), 136},
		{"channelRow.xCol", unsafe.Offsetof(w.xCol), 144},
		{"channelRow.wRow", unsafe.Offsetof(w.wRow), 152},
		{"channelRow.outCol", unsafe.Offsetof(w.outCol), 160},
		{"channelRow.addCol", unsafe.Offsetof(w.addCol), 168},
		{"channelRow.left", unsafe.Offsetof(w.left), 176},
		{"channelRow.right", unsafe.Offsetof(w.right), 184},
		{"channelRow.pixels", unsafe.Offsetof(w.pixels), 192},
		{"channelRow.blocks", unsafe.Offsetof(w.blocks), 200},
		{"channelRow.lo", unsafe.Offsetof(w.lo), 208},
		{"channelRow.hi", unsafe.Offsetof(w.hi), 212},
		{"patch.x", unsafe.Offsetof(p.x), 0},
		{"patch.out", unsafe.Offsetof(p.out), 24},
		{"patch.add", unsafe.Offsetof(p.add), 48},
		{"patch.vec", unsafe.Offsetof(p.vec), 72},
		{"patch.xRow", unsafe.Offsetof(p.xRow), 96},
		{"patch.xCol", unsafe.Offsetof(p.xCol), 104},
		{"patch.outRow", unsafe.Offsetof(p.outRow), 112},
		{"patch.outCol", unsafe.Offsetof(p.outCol), 120},
		{"patch.addRow", unsafe.Offsetof(p.addRow), 128},
		{"patch.addCol", unsafe.Offsetof(p.addCol), 136},
		{"patch.c", unsafe.Offsetof(p.c), 144},
		{"patch.rows", unsafe.Offsetof(p.rows), 152},
		{"patch.cols", unsafe.Offsetof(p.cols), 160},
		{"patch.lo", unsafe.Offsetof(p.lo), 168},
		{"patch.hi", unsafe.Offsetof(p.hi), 172},
		{"patch.between", unsafe.Offsetof(p.between), 176},
	} {
		if c.got != c.want {
			t.Errorf("%s lies at %d, assembly looks at %d", c.name, c.got, c.want)
		}
	}
}

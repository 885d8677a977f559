package kernel

import "fmt"

// Work is cut so that a task's rows of a and one panel of b stay in the level-2
// cache together (1 MB on the machine this was tuned on), and that a task takes
// some tens of microseconds with AVX-512; longer if rows are copied first, so
// that a copy serves several panels.
const (
	rowsBytes   = 384 << 10
	taskFLOPs   = 8 << 20
	copiedFLOPs = 32 << 20
)

// Gemm computes c = act(a·b + Bias + Add): a is an m x b.K matrix whose row i
// starts at a[i*lda], c is m x b.N with row i at c[i*ldc]. The bias has one
// element per column. Gemm panics if a slice is too short.
func Gemm(p Parallel, m int, a []float32, lda int, b *Packed, ep Epilogue, c []float32, ldc int) {
	if m < 0 {
		panic(fmt.Sprintf("kernel: impossible matrix of %d rows", m))
	}
	checkPixels("left matrix", a, lda, m, b.K)
	checkPixels("product", c, ldc, m, b.N)
	ep.check(m, b.N)
	gemm(p, m, a, lda, b, ep, c, ldc)
}

func gemm(p Parallel, m int, a []float32, lda int, b *Packed, ep Epilogue, c []float32, ldc int) {
	if m == 0 || b.N == 0 {
		return
	}
	im := current.Load()
	bias := paddedBias(ep.Bias, b.N)
	lo, hi := ep.bounds()
	copied := collides(lda) && m > im.tileRows/2 && b.panels() > 1
	rows, panels := cutGemm(m, b, copied)
	rowTasks := (m + rows - 1) / rows
	panelTasks := (b.panels() + panels - 1) / panels
	segs := []int{0}
	p(rowTasks*panelTasks, func(i int) {
		w := getWorkspace()
		defer w.release()
		r0 := i % rowTasks * rows
		r1 := min(m, r0+rows)
		t := &w.tile
		t.a, t.lda, t.segs, t.klen, t.ldc, t.lo, t.hi = a[r0*lda:], lda, segs, b.K, ldc, lo, hi
		if copied {
			t.lda = b.K + 16
			t.a = w.floats((r1 - r0) * t.lda)
			for r := r0; r < r1; r++ {
				copy(t.a[(r-r0)*t.lda:], a[r*lda:][:b.K])
			}
		}
		for q := i / rowTasks * panels; q < min(b.panels(), (i/rowTasks+1)*panels); q++ {
			t.setCols(b.panel(q))
			t.bias = (*[panelCols]float32)(bias[q*panelCols:])
			t.c = c[r0*ldc+q*panelCols:]
			if ep.Add != nil {
				t.add, t.ldadd = ep.Add[r0*ep.AddPitch+q*panelCols:], ep.AddPitch
			}
			t.cold = !copied && q == i/rowTasks*panels
			t.strip(im, r1-r0)
		}
	})
}

// collides reports whether rows of this pitch fall on so few sets of the level-1
// cache (8 ways of 4096 bytes each, on most machines) that the rows of a tile
// evict each other.
func collides(pitch int) bool { return pitch > 0 && pitch%1024 == 0 }

// cutGemm chooses how many rows and panels make a task. Rows that are copied
// first should serve several panels.
func cutGemm(m int, b *Packed, copied bool) (rows, panels int) {
	const unit = 28                      // a multiple of the tile's height
	flops := 2 * max(b.K, 1) * panelCols // per row and panel
	rows = min(rowsBytes/4/max(b.K, 1), 4*taskFLOPs/flops)
	if copied {
		rows = min(rows, copiedFLOPs/flops/min(b.panels(), 8))
	}
	rows = max(1, rows/unit) * unit
	parts := (m + rows - 1) / rows
	rows = min(m, ((m+parts-1)/parts+unit-1)/unit*unit)
	most := taskFLOPs
	if copied {
		most = copiedFLOPs
	}
	return rows, max(1, min(b.panels(), most/(flops*rows)))
}

// paddedBias returns the bias of n channels with zeros up to whole panels.
func paddedBias(bias []float32, n int) []float32 {
	padded := make([]float32, (n+panelCols-1)/panelCols*panelCols)
	if bias != nil {
		copy(padded, bias[:n])
	}
	return padded
}

package kernel

import "fmt"

// Work is cut so that a task's rows of a and one panel of b stay in the level-2
// cache together (1 MB on the machines this was tuned on, half of it on older
// ones), and that a task takes some tens of microseconds with AVX-512.
const (
	rowsBytes = 384 << 10
	taskFLOPs = 8 << 20
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
	rows, panels := cutGemm(m, b)
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
		for q := i / rowTasks * panels; q < min(b.panels(), (i/rowTasks+1)*panels); q++ {
			t.setCols(b.panel(q))
			t.bias = (*[panelCols]float32)(bias[q*panelCols:])
			t.c = c[r0*ldc+q*panelCols:]
			if ep.Add != nil {
				t.add, t.ldadd = ep.Add[r0*ep.AddPitch+q*panelCols:], ep.AddPitch
			}
			t.strip(im, r1-r0)
		}
	})
}

// cutGemm chooses how many rows and panels make a task.
func cutGemm(m int, b *Packed) (rows, panels int) {
	const unit = 28 // a multiple of the tile's height
	rows = max(1, rowsBytes/4/unit/max(b.K, 1)) * unit
	rows = min(rows, max(1, taskFLOPs/(2*b.K*panelCols*unit+1))*unit*4)
	rows = (m + (m+rows-1)/rows - 1) / ((m + rows - 1) / rows) // equal parts
	rows = (rows + unit - 1) / unit * unit
	rows = min(rows, m)
	panels = max(1, min(b.panels(), taskFLOPs/(2*b.K*panelCols*rows+1)))
	return rows, panels
}

// paddedBias returns the bias of n channels with zeros up to whole panels.
func paddedBias(bias []float32, n int) []float32 {
	padded := make([]float32, (n+panelCols-1)/panelCols*panelCols)
	if bias != nil {
		copy(padded, bias[:n])
	}
	return padded
}

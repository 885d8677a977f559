//go:build !amd64 || noasm

package pixel

// Without assembly the plain loops do all the work.

type rowPlan struct{}

func newRowPlan(*weights, int) *rowPlan { return nil }

func (*rowPlan) row(dst, src []byte, channels int) int { return 0 }

func resampleColumnsFast([]byte, *Image, int, []int32) bool { return false }

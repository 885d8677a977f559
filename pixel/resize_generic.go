//go:build !amd64 || noasm

package pixel

// Without assembly the plain loops do all the work.

type rowPlan struct{}

func newRowPlan(*weights, int) *rowPlan { return nil }

func (*rowPlan) row(dst, src []byte, channels int) int { return 0 }

func resampleColumnsFast([]byte, *Image, int, []int32) bool { return false }

type nearestPlan struct{}

func newNearestPlan([]int, int) *nearestPlan { return nil }

func (*nearestPlan) row(dst, src []byte) {}

func premultiplyFast(dst, src []byte) int { return 0 }

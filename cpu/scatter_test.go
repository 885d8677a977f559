package cpu

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// TestScatter combines boxes at places of which one reaches out of the operand,
// against loops that do the same.
func TestScatter(t *testing.T) {
	type scatter = func(operand, scatterIndices, updates compute.Value, indexVectorAxis int,
		updateWindowAxes, insertedWindowAxes, scatterAxesToOperandAxes []int, indicesAreSorted, uniqueIndices bool) (compute.Value, error)
	const rows, columns, count = 5, 6, 4
	at := []int32{0, 1, 4, 2, 0, 2, 3, 5} // the last box of two columns does not fit
	for _, dtype := range []dtypes.DType{dtypes.Float32, dtypes.Int16, dtypes.Float16} {
		for name, kind := range map[string]struct {
			of      func(f compute.Function) scatter
			combine func(a, b float32) float32
		}{
			"sum": {func(f compute.Function) scatter { return f.ScatterSum }, func(a, b float32) float32 { return a + b }},
			"max": {func(f compute.Function) scatter { return f.ScatterMax }, func(a, b float32) float32 { return max(a, b) }},
			"min": {func(f compute.Function) scatter { return f.ScatterMin }, func(a, b float32) float32 { return min(a, b) }},
		} {
			b := open(t, "threads=2")
			operand, updates := make([]float32, rows*columns), make([]float32, 2*count)
			for i := range operand {
				operand[i] = float32(i%7) - 3
			}
			for i := range updates {
				updates[i] = float32(5*i%9) - 4
			}
			want := slices.Clone(operand)
			for i := range count - 1 {
				for k := range 2 {
					place := &want[int(at[2*i])*columns+int(at[2*i+1])+k]
					*place = kind.combine(*place, updates[k*count+i])
				}
			}
			e := record(t, b, func(f compute.Function) []compute.Value {
				parameter := func(name string, dims ...int) compute.Value {
					v := must(f.Parameter(name, shapes.Make(dtypes.Float32, dims...), nil))
					return must(f.ConvertDType(v, dtype))
				}
				x, u := parameter("x", rows, columns), parameter("u", 2, count)
				indices := must(f.Constant(at, count, 2))
				// Twice: the first result is read again, the second may lie in its place.
				y := must(kind.of(f)(x, indices, u, 1, []int{0}, []int{0}, []int{0, 1}, false, false))
				z := must(kind.of(f)(y, indices, must(f.Sub(u, u)), 1, []int{0}, []int{0}, []int{0, 1}, false, false))
				return []compute.Value{must(f.ConvertDType(y, dtypes.Float32)), must(f.ConvertDType(z, dtypes.Float32))}
			})
			out := must(e.Execute([]compute.Buffer{bufferOf(b, operand, rows, columns), bufferOf(b, updates, 2, count)}, nil, 0))
			if got := as[float32](out[0].(*buffer).data); !slices.Equal(got, want) {
				t.Errorf("%s of %s: %v, want %v", name, dtype, got, want)
			}
			if name == "sum" && !slices.Equal(as[float32](out[1].(*buffer).data), want) {
				t.Errorf("%s of %s: adding zeros changed it", name, dtype)
			}
			b.Finalize()
		}
	}
}

package cpu

import (
	"context"
	"errors"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// countdown is done after it was asked so many times whether it is.
type countdown struct {
	context.Context
	left int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// An execution stops between two operations, its arena and its donated inputs are given back, and the next one works.
func TestExecuteContext(t *testing.T) {
	b := open(t, "threads=2")
	builder := b.Builder("steps")
	f := builder.Main()
	x, err := f.Parameter("x", shapes.Make(dtypes.Float32, 8, 8), nil)
	if err != nil {
		t.Fatal(err)
	}
	y := x
	for range 4 { // products are not merged into one operation
		if y, err = f.DotGeneral(y, []int{1}, nil, x, []int{0}, nil, compute.DotGeneralConfig{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Return([]compute.Value{y}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Finalize()
	input := func() []compute.Buffer {
		values := make([]float32, 64)
		for i := range 8 {
			values[i*9] = 2
		}
		buffer, err := b.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, 8, 8))
		if err != nil {
			t.Fatal(err)
		}
		return []compute.Buffer{buffer}
	}
	for left := range 3 {
		if _, err := ExecuteContext(&countdown{context.Background(), left}, e, input(), []bool{true}); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped after %d operations: error %v", left, err)
		}
	}
	out, err := ExecuteContext(context.Background(), e, input(), []bool{true})
	if err != nil {
		t.Fatal(err)
	}
	got := make([]float32, 64)
	if err := out[0].ToFlatData(got); err != nil {
		t.Fatal(err)
	}
	if got[0] != 32 || got[1] != 0 {
		t.Errorf("2⁵ on the diagonal is %g, beside it %g", got[0], got[1])
	}
}

package cpu

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestWhile computes Fibonacci numbers with a step that the closure captures.
func TestWhile(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	exec := graph.MustNewExec(b, func(count, first *graph.Node) *graph.Node {
		g := count.Graph()
		number, scalar := shapes.Make(dtypes.Int32), shapes.Make(dtypes.Float32)
		condition := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			i := graph.Parameter(g, "i", number)
			graph.Parameter(g, "a", scalar)
			graph.Parameter(g, "b", scalar)
			return []*graph.Node{graph.LessThan(i, count)}
		})
		body := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			i, a, b := graph.Parameter(g, "i", number), graph.Parameter(g, "a", scalar), graph.Parameter(g, "b", scalar)
			return []*graph.Node{graph.AddScalar(i, 1), b, graph.Mul(graph.Add(a, b), first)}
		})
		return graph.While(condition, body, graph.Const(g, int32(0)), graph.ZerosLike(first), first)[1]
	})
	for count, want := range []float32{0, 1, 1, 2, 3, 5, 8, 13} {
		if got := floatsOf(exec.MustExec(int32(count), float32(1))[0])[0]; got != want {
			t.Errorf("after %d steps %v, want %v", count, got, want)
		}
	}
}

// TestIf runs only the branch that is taken: the other would not come to an end.
func TestIf(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	exec := graph.MustNewExec(b, func(x *graph.Node) []*graph.Node {
		g := x.Graph()
		short := graph.NewClosure(g, func(*graph.Graph) []*graph.Node { return []*graph.Node{graph.Neg(x), x} })
		endless := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
			forever := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
				graph.Parameter(g, "x", x.Shape())
				return []*graph.Node{graph.Const(g, true)}
			})
			same := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
				return []*graph.Node{graph.Parameter(g, "x", x.Shape())}
			})
			return []*graph.Node{graph.While(forever, same, x)[0], x}
		})
		return graph.If(graph.GreaterThan(x, graph.ScalarZero(g, x.DType())), short, endless)
	})
	out := exec.MustExec(float32(2))
	if got := []float32{floatsOf(out[0])[0], floatsOf(out[1])[0]}; !slices.Equal(got, []float32{-2, 2}) {
		t.Errorf("got %v", got)
	}
}

// TestErrorInClosure names the step of the closure and the operation that ran it.
func TestErrorInClosure(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	f := b.Builder("test").Main()
	x := must(f.Parameter("x", shapes.Make(dtypes.Int32), nil))
	var branches []compute.Function
	for range 2 {
		branch := must(f.Closure())
		must(0, branch.Return([]compute.Value{must(branch.Div(x, x))}, nil))
		branches = append(branches, branch)
	}
	out := must(f.If(must(f.Equal(x, x)), branches[0], branches[1]))
	must(0, f.Return(out, nil))
	e := must(f.Builder().Compile())
	zero := must(b.BufferFromFlatData(0, []int32{0}, shapes.Make(dtypes.Int32)))
	_, err := e.Execute([]compute.Buffer{zero}, nil, 0)
	if err == nil || !strings.Contains(err.Error(), "If #") || !strings.Contains(err.Error(), "Div #") {
		t.Errorf("error %v", err)
	}
}

// TestForeignValues refuses values of a closure outside of it.
func TestForeignValues(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	f := b.Builder("test").Main()
	x := must(f.Parameter("x", shapes.Make(dtypes.Float32), nil))
	closure := must(f.Closure())
	inside := must(closure.Neg(x))
	if _, err := f.Neg(inside); err == nil {
		t.Error("main took a value of its closure")
	}
	if _, err := f.If(must(f.Equal(x, x)), closure, closure); err == nil {
		t.Error("ran a closure that has not returned")
	}
	if _, err := must(b.Builder("other").NewFunction("f")).Neg(x); err == nil {
		t.Error("a function took a value of another computation")
	}
}

// TestSort sorts in each way: by < and >, by a second tensor, and by a comparator
// that has to be called.
func TestSort(t *testing.T) {
	nan := float32(math.NaN())
	for _, test := range []struct {
		name string
		less func(a, b, i, j *graph.Node) *graph.Node
		want []float32
	}{
		{"ascending", func(a, b, _, _ *graph.Node) *graph.Node { return graph.LessThan(a, b) }, []float32{-3, 1, 1, 2, nan}},
		{"descending", func(a, b, _, _ *graph.Node) *graph.Node { return graph.GreaterThan(a, b) }, []float32{2, 1, 1, -3, nan}},
		{"turned", func(a, b, _, _ *graph.Node) *graph.Node { return graph.LessThan(b, a) }, []float32{2, 1, 1, -3, nan}},
		{"by position", func(_, _, i, j *graph.Node) *graph.Node { return graph.GreaterThan(i, j) }, []float32{-3, 1, nan, 2, 1}},
		{"by distance from 2", func(a, b, _, _ *graph.Node) *graph.Node {
			far := func(x *graph.Node) *graph.Node { return graph.Abs(graph.AddScalar(x, -2)) }
			return graph.LessThan(far(a), far(b))
		}, nil},
	} {
		b := open(t, "threads=3")
		out := graph.MustNewExec(b, func(x *graph.Node) []*graph.Node {
			g := x.Graph()
			position := graph.Iota(g, shapes.Make(dtypes.Int32, x.Shape().Dimensions...), 0)
			comparator := graph.NewClosure(g, func(g *graph.Graph) []*graph.Node {
				a, b := graph.Parameter(g, "a", shapes.Make(dtypes.Float32)), graph.Parameter(g, "b", shapes.Make(dtypes.Float32))
				i, j := graph.Parameter(g, "i", shapes.Make(dtypes.Int32)), graph.Parameter(g, "j", shapes.Make(dtypes.Int32))
				return []*graph.Node{test.less(a, b, i, j)}
			})
			sorted := graph.SortFunc(comparator, 0, true, x, position)
			return []*graph.Node{sorted[0], graph.ConvertDType(sorted[1], dtypes.Float32)}
		})
		input, want := []float32{1, 2, nan, 1, -3}, test.want
		if want == nil {
			input, want = []float32{1, 2.5, 9, 3, -3}, []float32{2.5, 1, 3, -3, 9}
		}
		// Two columns: the second the first upside down.
		var both []float32
		for i, v := range input {
			both = append(both, v, input[len(input)-1-i])
		}
		results := out.MustExec(tensors.FromFlatDataAndDimensions(both, len(input), 2))
		got, order := floatsOf(results[0]), floatsOf(results[1])
		for i := range input {
			if g := got[2*i]; g != want[i] && (g == g || want[i] == want[i]) {
				t.Errorf("%s: column %v, want %v", test.name, got, want)
				break
			}
			for column := range 2 {
				if from := both[2*int(order[2*i+column])+column]; from != got[2*i+column] && from == from {
					t.Errorf("%s: position %d says %v, the value is %v", test.name, i, from, got[2*i+column])
				}
			}
		}
		b.Finalize()
	}
}

// TestCall writes a function down twice.
func TestCall(t *testing.T) {
	b := open(t, "")
	defer b.Finalize()
	got := floatsOf(graph.MustNewExec(b, func(x *graph.Node) *graph.Node {
		double := graph.NewFunction(x.Graph(), "double", func(g *graph.Graph) []*graph.Node {
			x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 2))
			return []*graph.Node{graph.Add(x, x)}
		})
		return double.Call(double.Call(x)[0])[0]
	}).MustExec([]float32{1, 2})[0])
	if !slices.Equal(got, []float32{4, 8}) {
		t.Errorf("got %v", got)
	}
}

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// randomChain records a random tangle of element-wise operations over operands of
// every kind of broadcast, with some results and sums and maxima as outputs.
func randomChain(r *rand.Rand, f compute.Function, dims []int, inputs []compute.Value) []compute.Value {
	floats, bools := slices.Clone(inputs), []compute.Value{}
	for range 3 {
		bools = append(bools, must(f.LessThan(floats[r.IntN(len(floats))], inputs[0])))
	}
	pick := func(from []compute.Value) compute.Value { return from[r.IntN(len(from))] }
	unary := []func(compute.Value) (compute.Value, error){f.Abs, f.Neg, f.Tanh, f.Logistic, f.Erf, f.Sin, f.Floor, f.Sign, f.Cos, f.Round, f.Ceil}
	binary := []func(a, b compute.Value) (compute.Value, error){f.Add, f.Sub, f.Mul, f.Max, f.Min}
	compare := []func(a, b compute.Value) (compute.Value, error){f.Equal, f.NotEqual, f.LessThan, f.LessOrEqual, f.GreaterThan, f.GreaterOrEqual}
	logical := []func(a, b compute.Value) (compute.Value, error){f.LogicalAnd, f.LogicalOr, f.LogicalXor}
	full := func(v compute.Value) compute.Value { return must(f.Add(v, inputs[0])) }
	for range 4 + r.IntN(25) {
		switch r.IntN(8) {
		case 0, 1:
			floats = append(floats, must(unary[r.IntN(len(unary))](pick(floats))))
		case 2, 3, 4:
			floats = append(floats, must(binary[r.IntN(len(binary))](pick(floats), pick(floats))))
		case 5:
			bools = append(bools, must(compare[r.IntN(len(compare))](pick(floats), full(pick(floats)))))
		case 6:
			a, b := pick(bools), pick(bools)
			bools = append(bools, must(f.LogicalNot(must(logical[r.IntN(len(logical))](a, b)))))
			floats = append(floats, must(f.ConvertDType(b, dtypes.Float32)))
		case 7:
			// Bounded, so that errors do not grow along the chain.
			low, high := must(f.Constant([]float32{-2})), must(f.Constant([]float32{3}))
			floats = append(floats, must(f.Where(pick(bools), full(pick(floats)), must(f.Clamp(low, full(pick(floats)), high)))))
		}
	}
	var axes []int
	for axis := range dims {
		if r.IntN(2) == 0 {
			axes = append(axes, axis)
		}
	}
	last, mixed := full(floats[len(floats)-1]), full(pick(floats))
	return []compute.Value{mixed, must(f.ReduceSum(last, axes...)), must(f.ReduceMax(must(f.Neg(must(f.Tanh(mixed)))), axes...)),
		must(f.ConvertDType(bools[len(bools)-1], dtypes.Float32)), bools[len(bools)-1]}
}

// TestChains compares random chains with the operations one by one, and the bits
// for different numbers of threads. Inputs are small multiples of 1/4, so that
// comparisons come out alike.
func TestChains(t *testing.T) {
	shapesOfTest := [][]int{{7}, {3, 5}, {2, 3, 4}, {40, 64}, {3, 700, 8}, {2, 5, 3000}, {70000}, {3, 50000}, {2000, 33}}
	seeds := uint64(60)
	if raceDetector {
		seeds = uint64(len(shapesOfTest))
	}
	for seed := range seeds {
		dims := shapesOfTest[seed%uint64(len(shapesOfTest))]
		var want [][]byte
		for _, config := range []string{"plain", "threads=1", "threads=3"} {
			b := open(t, strings.TrimPrefix(config, "plain"))
			b.plain = config == "plain"
			r := rand.New(rand.NewPCG(seed, 1))
			var buffers []compute.Buffer
			e := record(t, b, func(f compute.Function) []compute.Value {
				var inputs []compute.Value
				for k := range 4 {
					of := slices.Clone(dims)
					for axis := range of {
						if k > 0 && r.IntN(2) == 0 {
							of[axis] = 1
						}
					}
					values := make([]float32, shapes.Make(dtypes.Float32, of...).Size())
					for i := range values {
						values[i] = float32(r.IntN(17)-8) / 4
					}
					inputs = append(inputs, must(f.Parameter(fmt.Sprint(k), shapes.Make(dtypes.Float32, of...), nil)))
					buffers = append(buffers, bufferOf(b, values, of...))
				}
				return randomChain(r, f, dims, inputs)
			})
			out := must(e.Execute(buffers, nil, 0))
			for i, result := range out {
				data := result.(*buffer).data
				switch config {
				case "plain":
					want = append(want, slices.Clone(data))
				case "threads=1":
					if i == len(out)-1 {
						if !slices.Equal(data, want[i]) {
							t.Errorf("seed %d: bools differ", seed)
						}
						break
					}
					got, expected := as[float32](data), as[float32](want[i])
					for k, v := range got {
						if w := expected[k]; !(math.Abs(float64(v-w)) <= 1e-5*(10+math.Abs(float64(w)))) && !(v != v && w != w) && v != w {
							t.Errorf("seed %d, output %d of %v: element %d is %v, want %v", seed, i, dims, k, v, w)
							break
						}
					}
					want[i] = slices.Clone(data)
				default:
					if !slices.Equal(data, want[i]) {
						t.Errorf("seed %d, output %d: results depend on the number of threads", seed, i)
					}
				}
			}
			b.Finalize()
		}
	}
}

// TestChainSteps looks at what some expressions become.
func TestChainSteps(t *testing.T) {
	for _, test := range []struct {
		name  string
		build func(f compute.Function, x, v compute.Value) compute.Value
		want  []string
	}{
		{"variance", func(f compute.Function, x, v compute.Value) compute.Value {
			centred := must(f.Sub(x, v))
			return must(f.ReduceSum(must(f.Mul(centred, centred)), 0))
		}, []string{"Chain"}},
		{"gradient of a rectifier", func(f compute.Function, x, v compute.Value) compute.Value {
			positive := must(f.GreaterThan(x, must(f.Constant([]float32{0}, 1, 1))))
			return must(f.Mul(must(f.ConvertDType(positive, dtypes.Float32)), v))
		}, []string{"Chain"}},
		{"a value that is used twice", func(f compute.Function, x, v compute.Value) compute.Value {
			e := must(f.Exp(must(f.Sub(x, v))))
			return must(f.Div(e, must(f.ReduceSum(must(f.Mul(e, e))))))
		}, []string{"Chain", "Chain", "Div"}},
		{"alone", func(f compute.Function, x, v compute.Value) compute.Value { return must(f.Add(x, v)) }, []string{"Add"}},
		{"powers", func(f compute.Function, x, v compute.Value) compute.Value {
			return must(f.Pow(must(f.Pow(x, must(f.Constant([]float32{2}, 1, 1)))), must(f.Constant([]float32{0.5}, 1, 1))))
		}, []string{"Chain"}},
	} {
		b := open(t, "")
		e := record(t, b, func(f compute.Function) []compute.Value {
			y := test.build(f, must(f.Parameter("x", shapes.Make(dtypes.Float32, 16, 8), nil)), must(f.Parameter("v", shapes.Make(dtypes.Float32, 1, 8), nil)))
			if s := must(f.Shape(y)); s.Rank() == 0 {
				y = must(f.Reshape(y, 1))
			}
			return []compute.Value{y}
		})
		var got []string
		for _, s := range e.main.steps {
			got = append(got, opName(s.node.op))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: steps %v, want %v", test.name, got, test.want)
		}
		b.Finalize()
	}
}

// BenchmarkChain is x·s + t through a logistic function with a sum over pixels, in
// one pass, and operation by operation.
func BenchmarkChain(b *testing.B) {
	const pixels, channels = 8 * 56 * 56, 64
	for _, plain := range []bool{false, true} {
		backend := open(b, "")
		backend.plain = plain
		e := record(b, backend, func(f compute.Function) []compute.Value {
			x := must(f.Parameter("x", shapes.Make(dtypes.Float32, pixels, channels), nil))
			s := must(f.Parameter("s", shapes.Make(dtypes.Float32, 1, channels), nil))
			y := must(f.Mul(x, must(f.Logistic(must(f.Add(must(f.Mul(x, s)), s))))))
			return []compute.Value{must(f.ReduceSum(y, 0))}
		})
		in := []compute.Buffer{bufferOf(backend, make([]float32, pixels*channels), pixels, channels), bufferOf(backend, make([]float32, channels), 1, channels)}
		b.Run(map[bool]string{false: "fused", true: "one by one"}[plain], func(b *testing.B) {
			b.SetBytes(4 * pixels * channels)
			for b.Loop() {
				for _, out := range must(e.Execute(in, nil, 0)) {
					out.Finalize()
				}
			}
		})
		backend.Finalize()
	}
}

package cpu

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

var update = flag.Bool("update", false, "rewrite the table in README.md")

// columns are the dtypes of the table in README.md, together where the engine
// treats them alike.
var columns = []struct {
	name   string
	dtypes []dtypes.DType
}{
	{"f32", []dtypes.DType{dtypes.Float32}},
	{"f64", []dtypes.DType{dtypes.Float64}},
	{"f16, bf16", []dtypes.DType{dtypes.Float16, dtypes.BFloat16}},
	{"int", []dtypes.DType{dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64}},
	{"uint", []dtypes.DType{dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64}},
	{"bool", []dtypes.DType{dtypes.Bool}},
}

// probes record operations whose methods differ from those of a family, with x of
// 2 by 2 elements. Values that are not of dtype have it in their dimensions only.
var probes = map[compute.OpType]func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error){
	compute.OpTypeParameter: func(_ *function, _ dtypes.DType, x compute.Value) (compute.Value, error) { return x, nil },
	compute.OpTypeConstant: func(f *function, dtype dtypes.DType, _ compute.Value) (compute.Value, error) {
		return f.Constant(onesOf(dtype, 4), 2, 2)
	},
	compute.OpTypeReduceWindow: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		var last compute.Value
		for op := compute.ReduceOpSum; op <= compute.ReduceOpMin; op++ {
			var err error
			if last, err = f.ReduceWindow(x, op, []int{2, 1}, []int{1, 1}, nil, nil, nil); err != nil {
				return nil, err
			}
		}
		return last, nil
	},
	compute.OpTypeArgMinMax: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.ArgMinMax(x, 0, dtypes.Int32, true)
	},
	compute.OpTypeSelectAndScatterMax: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.SelectAndScatterMax(x, x, []int{1, 1}, nil, nil)
	},
	compute.OpTypeSelectAndScatterMin: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.SelectAndScatterMin(x, x, []int{1, 1}, nil, nil)
	},
	compute.OpTypeBatchNormForInference: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		v, err := f.ReduceMax(x, 0)
		if err != nil {
			return nil, err
		}
		return f.BatchNormForInference(x, v, v, v, v, 1e-5, 1)
	},
	compute.OpTypeBatchNormForTraining: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		v, err := f.ReduceMax(x, 0)
		if err != nil {
			return nil, err
		}
		y, _, _, err := f.BatchNormForTraining(x, v, v, 1e-5, 1)
		return y, err
	},
	compute.OpTypeBatchNormGradient: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		v, err := f.ReduceMax(x, 0)
		if err != nil {
			return nil, err
		}
		y, _, _, err := f.BatchNormGradient(x, v, v, v, x, 1e-5, 1)
		return y, err
	},
	compute.OpTypeConvGeneral: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		filter, err := f.Reshape(x, 1, 2, 2)
		if err != nil {
			return nil, err
		}
		picture, err := f.Reshape(x, 1, 2, 2)
		if err != nil {
			return nil, err
		}
		axes := compute.ConvolveAxesConfig{InputBatch: 0, InputSpatial: []int{1}, InputChannels: 2,
			KernelSpatial: []int{0}, KernelInputChannels: 1, KernelOutputChannels: 2, OutputBatch: 0, OutputSpatial: []int{1}, OutputChannels: 2}
		return f.ConvGeneral(picture, filter, axes, []int{1}, [][2]int{{0, 0}}, []int{1}, []int{1}, 1, 1)
	},
	compute.OpTypeDotGeneral: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.DotGeneral(x, []int{1}, nil, x, []int{0}, nil, compute.DotGeneralConfig{})
	},
	compute.OpTypeBitcast: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.Bitcast(x, map[int]dtypes.DType{1: dtypes.Int8, 2: dtypes.Int16, 4: dtypes.Int32, 8: dtypes.Int64}[dtype.Size()])
	},
	compute.OpTypeBroadcastInDim: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.BroadcastInDim(x, shapes.Make(dtype, 2, 3, 2), []int{0, 2})
	},
	compute.OpTypeClamp: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) { return f.Clamp(x, x, x) },
	compute.OpTypeConcatenate: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.Concatenate(0, x, x)
	},
	compute.OpTypeConvertDType: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		for dtype := range capabilities.DTypes { // to everything, and back
			y, err := f.ConvertDType(x, dtype)
			if err != nil {
				return nil, err
			}
			if _, err = f.ConvertDType(y, dtypes.Float32); err != nil {
				return nil, err
			}
		}
		return f.ConvertDType(x, dtypes.Float32)
	},
	compute.OpTypeIota: func(f *function, dtype dtypes.DType, _ compute.Value) (compute.Value, error) {
		return f.Iota(shapes.Make(dtype, 2, 2), 0)
	},
	compute.OpTypePad: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		fill, err := f.Constant(onesOf(dtype, 1))
		if err != nil {
			return nil, err
		}
		return f.Pad(x, fill, compute.PadAxis{Start: 1}, compute.PadAxis{Interior: 1})
	},
	compute.OpTypeReshape: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) { return f.Reshape(x, 4) },
	compute.OpTypeReverse: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) { return f.Reverse(x, 0) },
	compute.OpTypeTranspose: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.Transpose(x, 1, 0)
	},
	compute.OpTypeSlice: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.Slice(x, []int{0, 1}, []int{2, 2}, nil)
	},
	compute.OpTypeWhere: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		which, err := f.Constant([]bool{true, false, true, false}, 2, 2)
		if err != nil {
			return nil, err
		}
		return f.Where(which, x, x)
	},
	compute.OpTypeDynamicSlice: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.DynamicSlice(x, []compute.Value{must(f.Constant([]int32{1})), must(f.Constant([]int32{0}))}, []int{1, 2})
	},
	compute.OpTypeDynamicUpdateSlice: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.DynamicUpdateSlice(x, x, []compute.Value{must(f.Constant([]int32{1})), must(f.Constant([]int32{0}))})
	},
	compute.OpTypeGather: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.Gather(x, must(f.Constant([]int32{1, 0}, 2, 1)), 1, []int{1}, []int{0}, []int{0}, []int{1, 2}, false)
	},
	compute.OpTypeScatterSum: probeScatter((*function).ScatterSum),
	compute.OpTypeScatterMax: probeScatter((*function).ScatterMax),
	compute.OpTypeScatterMin: probeScatter((*function).ScatterMin),
	compute.OpTypeRNGBitGenerator: func(f *function, dtype dtypes.DType, _ compute.Value) (compute.Value, error) {
		_, values, err := f.RNGBitGenerator(must(f.Constant([]uint64{1, 2, 3}, 3)), shapes.Make(dtype, 5))
		return values, err
	},
	compute.OpTypeCall: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		g := must(f.builder.NewFunction("same"))
		must(0, g.Return([]compute.Value{must(g.Parameter("x", shapes.Make(dtype, 2, 2), nil))}, nil))
		return first(f.Call(g, x))
	},
	compute.OpTypeIf: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		branch := must(f.Closure())
		must(0, branch.Return([]compute.Value{x}, nil))
		return first(f.If(must(f.Constant([]bool{true})), branch, branch))
	},
	compute.OpTypeWhile: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		condition, body := must(f.Closure()), must(f.Closure())
		must(condition.Parameter("x", shapes.Make(dtype, 2, 2), nil))
		must(0, condition.Return([]compute.Value{must(condition.Constant([]bool{false}))}, nil))
		must(0, body.Return([]compute.Value{must(body.Parameter("x", shapes.Make(dtype, 2, 2), nil))}, nil))
		return first(f.While(condition, body, x))
	},
	compute.OpTypeSort: func(f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
		less := must(f.Closure())
		a, b := must(less.Parameter("a", shapes.Make(dtype), nil)), must(less.Parameter("b", shapes.Make(dtype), nil))
		must(0, less.Return([]compute.Value{must(less.LessThan(a, b))}, nil))
		return first(f.Sort(less, 0, true, x))
	},
	compute.OpTypeOptimizationBarrier: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return first(f.OptimizationBarrier(x))
	},
	compute.OpTypeSchedulingBarrier: func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return f.SchedulingBarrier(x, x)
	},
}

func probeScatter(scatter func(f *function, x, at, u compute.Value, axis int, window, inserted, to []int, sorted, unique bool) (compute.Value, error)) func(
	f *function, dtype dtypes.DType, x compute.Value) (compute.Value, error) {
	return func(f *function, _ dtypes.DType, x compute.Value) (compute.Value, error) {
		return scatter(f, x, must(f.Constant([]int32{1, 0}, 2, 1)), x, 1, []int{1}, []int{0}, []int{0}, false, false)
	}
}

func first(values []compute.Value, err error) (compute.Value, error) {
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

// onesOf is a flat slice of n ones.
func onesOf(dtype dtypes.DType, n int) any {
	flat := reflect.MakeSlice(reflect.SliceOf(dtype.GoType()), n, n)
	one := make([]byte, dtype.Size())
	loop := arithmetics[dtypes.Uint8].convert(dtype)
	loop(one, []byte{1})
	data := dtypes.UnsafeByteSliceFromAny(flat.Interface())
	for i := range data {
		data[i] = one[i%len(one)]
	}
	return flat.Interface()
}

// works records, compiles and runs an operation.
func works(t *testing.T, b *backend, op compute.OpType, dtype dtypes.DType) bool {
	g := newBuilder(b, op.String())
	f := g.main
	x := must(f.Parameter("x", shapes.Make(dtype, 2, 2), nil))
	var y compute.Value
	var err error
	if probe := probes[op]; probe != nil {
		y, err = probe(f, dtype, x)
	} else {
		switch method := reflect.ValueOf(f).MethodByName(op.String()).Interface().(type) {
		case func(compute.Value) (compute.Value, error):
			y, err = method(x)
		case func(compute.Value, compute.Value) (compute.Value, error):
			y, err = method(x, x)
		case func(compute.Value, ...int) (compute.Value, error):
			y, err = method(x, 0)
		default:
			t.Fatalf("no way to try %s, of type %T", op, method)
		}
	}
	if err != nil {
		return false
	}
	must(0, f.Return([]compute.Value{y}, nil))
	e, err := g.Compile()
	if err != nil {
		return false
	}
	_, err = e.Execute([]compute.Buffer{bufferOf(b, onesOf(dtype, 4), 2, 2)}, nil, 0)
	if err != nil {
		t.Errorf("%s of %s: %v", op, dtype, err)
	}
	return err == nil
}

// TestREADME holds the table of operations in README.md to what the engine does.
// Dot is another name of DotGeneral, without a method of its own.
func TestREADME(t *testing.T) {
	b := open(t, "threads=1")
	defer b.Finalize()
	var table strings.Builder
	table.WriteString("| operation |")
	for _, column := range columns {
		fmt.Fprintf(&table, " %s |", column.name)
	}
	table.WriteString("\n|---|" + strings.Repeat(":-:|", len(columns)) + "\n")
	byRow := make(map[string][]string) // operations with equal rows share one
	for op := range capabilities.Operations {
		if op == compute.OpTypeDot {
			continue
		}
		row := ""
		for _, column := range columns {
			working := 0
			for _, dtype := range column.dtypes {
				if works(t, b, op, dtype) {
					working++
				}
			}
			switch working {
			case 0:
				row += "  |"
			case len(column.dtypes):
				row += " ✓ |"
			default:
				t.Errorf("%s works for only some of %v", op, column.dtypes)
			}
		}
		if row == strings.Repeat("  |", len(columns)) {
			t.Errorf("%s is declared and works for no dtype", op)
		}
		byRow[row] = append(byRow[row], op.String())
	}
	for _, row := range slices.Backward(slices.Sorted(maps.Keys(byRow))) {
		slices.Sort(byRow[row])
		fmt.Fprintf(&table, "| %s |%s\n", strings.Join(byRow[row], ", "), row)
	}
	old, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	start := strings.Index(string(old), "| operation |")
	length := strings.Index(string(old[max(0, start):]), "\n\n") + 1
	if start < 0 || length <= 0 {
		t.Fatal("README.md has no table of operations")
	}
	fresh := string(old[:start]) + table.String() + string(old[start+length:])
	if *update {
		if err := os.WriteFile("README.md", []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if fresh != string(old) {
		t.Errorf("the table in README.md is out of date: run go test ./cpu -run README -update. It should be\n%s", table.String())
	}
	// Every file that the page names exists.
	for i, part := range strings.Split(fresh, "`") {
		if i%2 == 1 && strings.HasSuffix(part, ".go") && !strings.ContainsAny(part, " *") {
			if _, err := os.Stat(part); err != nil {
				t.Errorf("README.md names %s: %v", part, err)
			}
		}
	}
}

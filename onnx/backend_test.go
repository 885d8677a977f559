package onnx

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/cpu"
)

var nodeTests = flag.String("nodes", "", "folder onnx/backend/test/data/node of the Python package onnx")

// TestOperators runs ONNX's own tests of operators. Cases whose operators, attributes or types are not known here are counted,
// not run; so are those of half precision, which is computed as float32 here. The package of test data is not part of this
// repository:
//
//	pip download --no-deps onnx==1.17.0 && unzip -q onnx-*.whl 'onnx/backend/test/data/node/*'
//	go test ./onnx -run TestOperators -v -args -nodes $PWD/onnx/backend/test/data/node
func TestOperators(t *testing.T) {
	if *nodeTests == "" {
		t.Skip("no folder given with -nodes")
	}
	models, err := filepath.Glob(filepath.Join(*nodeTests, "*", "model.onnx"))
	if err != nil || len(models) == 0 {
		t.Fatalf("no cases in %s (%v)", *nodeTests, err)
	}
	passed, failed, skipped := 0, []string{}, 0
	byOperator := map[string]int{}
	for _, model := range models {
		name := filepath.Base(filepath.Dir(model))
		ops, err := runCase(filepath.Dir(model))
		switch {
		case err == nil:
			passed++
			for _, op := range ops {
				byOperator[op]++
			}
		case strings.HasPrefix(err.Error(), "unread: ") || strings.Contains(err.Error(), "not known"):
			skipped++
		default:
			failed = append(failed, name)
			t.Errorf("%s: %v", name, err)
		}
	}
	var list []string
	for op := range byOperator {
		list = append(list, op)
	}
	sort.Strings(list)
	t.Logf("%d passed, %d failed, %d not known here; passed for the operators %s", passed, len(failed), skipped, strings.Join(list, " "))
}

// runCase runs one case and compares its outputs. Its inputs are activations, but for those that shapes depend on.
func runCase(folder string) (ops []string, err error) {
	data, err := os.ReadFile(filepath.Join(folder, "model.onnx"))
	if err != nil {
		return nil, err
	}
	f, err := read(data, nil)
	if err != nil {
		return nil, fmt.Errorf("unread: %w", err)
	}
	for _, n := range f.order {
		ops = append(ops, n.op)
	}
	var in, want []*tensor
	for i := range f.inputs {
		x, err := readTensor(filepath.Join(folder, "test_data_set_0", fmt.Sprintf("input_%d.pb", i)))
		if err != nil {
			return nil, fmt.Errorf("unread: %w", err)
		}
		in = append(in, x)
	}
	var wanted []string
	for _, v := range slices.Concat(f.inputs, f.Outputs) {
		if v.onnxType == typeFloat16 || v.onnxType == typeBFloat16 {
			return nil, fmt.Errorf("unread: half precision")
		}
	}
	for i, v := range f.Outputs {
		if !slices.Contains(f.order, f.maker[v.Name]) {
			continue // an output beside the first that needs more nodes
		}
		y, err := readTensor(filepath.Join(folder, "test_data_set_0", fmt.Sprintf("output_%d.pb", i)))
		if err != nil {
			return nil, fmt.Errorf("unread: %w", err)
		}
		if slices.Index(f.maker[v.Name].out, v.Name) >= operators[f.maker[v.Name].op].outputs {
			return nil, fmt.Errorf("unread: output %s", v.Name)
		}
		want = append(want, y)
		wanted = append(wanted, v.Name)
	}
	// First with all inputs as activations; where an operator must know one beforehand, integers and scalars are known.
	for _, someKnown := range []bool{false, true} {
		err = compareCase(f, in, want, wanted, func(x *tensor) bool {
			return someKnown && (x.dtype.IsInt() || x.dtype == dtypes.Bool || x.size() <= 4)
		})
		if err == nil || !strings.Contains(err.Error(), "depends on the picture") {
			return ops, err
		}
	}
	return ops, err
}

func compareCase(f *File, in, want []*tensor, wanted []string, isKnown func(*tensor) bool) error {
	b, err := cpu.New("threads=1")
	if err != nil {
		return err
	}
	defer b.Finalize()
	g := graph.NewGraph(b, "case")
	defer g.Finalize()
	inputs := map[string]*value{}
	var feed []any
	for i, v := range f.inputs {
		if isKnown(in[i]) {
			inputs[v.Name] = known(in[i])
			continue
		}
		inputs[v.Name] = plainValue(graph.Parameter(g, v.Name, shapes.Make(in[i].dtype, in[i].dims...)))
		feed = append(feed, tensorOf(in[i].flat, in[i].dtype, in[i].dims))
	}
	net, out, err := f.build(g, inputs, 0, wanted...)
	if err != nil {
		return err
	}
	for _, p := range net.Inputs {
		feed = append(feed, tensorOf(p.Values(), p.Node.DType(), p.Node.Shape().Dimensions))
	}
	return catch(func() {
		if err := g.Compile(out...); err != nil {
			panic(err)
		}
		for i, y := range g.Run(feed...) {
			if err := near(hostTensor(y), want[i]); err != nil {
				panic(fmt.Errorf("output %d: %w", i, err))
			}
		}
	})
}

func readTensor(file string) (*tensor, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	x, _, err := reader{}.tensor(data)
	return x, err
}

// near compares within 1e-4, relative or absolute.
func near(got, want *tensor) error {
	if fmt.Sprint(got.dims) != fmt.Sprint(want.dims) || got.dtype != want.dtype {
		return fmt.Errorf("%s %v, want %s %v", got.dtype, got.dims, want.dtype, want.dims)
	}
	if !want.dtype.IsFloat() {
		if g, w := fmt.Sprint(got.flat), fmt.Sprint(want.flat); g != w {
			return fmt.Errorf("%.200s, want %.200s", g, w)
		}
		return nil
	}
	g, err := got.floats()
	if err != nil {
		return err
	}
	w, err := want.floats()
	if err != nil {
		return err
	}
	for i := range w {
		a, b := float64(g[i]), float64(w[i])
		if a != b && !(math.IsNaN(a) && math.IsNaN(b)) && !(math.Abs(a-b) <= 1e-4*max(1, math.Abs(b))) {
			return fmt.Errorf("element %d is %g, want %g", i, a, b)
		}
	}
	return nil
}

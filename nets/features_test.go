package nets

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/weights"
)

// Names of what inner layers put out, and their shapes; nil where there is none of that name.
func TestFeatures(t *testing.T) {
	want := map[string]map[string][]int{
		"vgg16_bn":           {"features.0": nil, "features.1": {1, 224, 224, 64}, "relu1_1": {1, 224, 224, 64}, "features.43": {1, 7, 7, 512}, "conv1_1": nil, "classifier.4": {1, 4096}},
		"squeezenet1_1":      {"features.1": {1, 111, 111, 64}, "features.3": {1, 55, 55, 128}, "features.6": {1, 27, 27, 256}, "features.12": {1, 13, 13, 512}},
		"resnet18":           {"relu": {1, 112, 112, 64}, "maxpool": {1, 56, 56, 64}, "layer1": {1, 56, 56, 64}, "layer4": {1, 7, 7, 512}, "avgpool": {1, 512}},
		"shufflenet_v2_x1_5": {"conv1": {1, 112, 112, 24}, "maxpool": {1, 56, 56, 24}, "stage2": {1, 28, 28, 176}, "stage3": {1, 14, 14, 352}, "stage4": {1, 7, 7, 704}, "conv5": {1, 7, 7, 1024}},
		"mobilenet_v2":       {"features.0": {1, 112, 112, 32}, "features.1": {1, 112, 112, 16}, "features.3": {1, 56, 56, 24}, "features.6": {1, 28, 28, 32}, "features.13": {1, 14, 14, 96}, "features.17": {1, 7, 7, 320}, "features.18": {1, 7, 7, 1280}},
		"densenet121":        {"features.relu0": {1, 112, 112, 64}, "features.denseblock1": {1, 56, 56, 256}, "features.transition1": {1, 28, 28, 128}, "features.denseblock3": {1, 14, 14, 1024}, "features.norm5": {1, 7, 7, 1024}},
		"bagnet9":            {"relu": {1, 222, 222, 64}, "layer1": {1, 110, 110, 256}, "layer2": {1, 54, 54, 512}, "layer3": {1, 27, 27, 1024}, "layer4": {1, 27, 27, 2048}},
		"bagnet33":           {"layer1": {1, 110, 110, 256}, "layer2": {1, 54, 54, 512}, "layer3": {1, 26, 26, 1024}, "layer4": {1, 24, 24, 2048}},
		"resnet50":           {"layer1": {1, 56, 56, 256}, "layer2": {1, 28, 28, 512}, "layer3": {1, 14, 14, 1024}, "layer4": {1, 7, 7, 2048}},
	}
	b := open(t, "go")
	for name, features := range want {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		net, err := a.trace(b)
		if err != nil {
			t.Fatal(err)
		}
		for feature, shape := range features {
			node, ok := net.Features[feature]
			if ok != (shape != nil) {
				t.Errorf("%s has a feature %s: %t", name, feature, ok)
				continue
			}
			if !ok {
				continue
			}
			if got := node.Shape().Dimensions; !slices.Equal(got, shape) {
				t.Errorf("%s %s is %v, want %v", name, feature, got, shape)
			}
		}
	}
}

// The features of VGGs by the names of the literature are torchvision's, from a network that ends with the last of them: all
// of VGG-19, of the others what the last pooling puts out.
func TestVGGFeatures(t *testing.T) {
	want := fixture[map[string]map[string]struct {
		Shape  []int
		Spread []float32
	}](t, "features.json")
	b, pictures := open(t, "cpu"), MadeUp("pictures", 53*46*3, -2, 2)
	for _, vgg := range Names() {
		if !strings.HasPrefix(vgg, "vgg") {
			continue
		}
		a, err := Lookup(vgg)
		if err != nil {
			t.Fatal(err)
		}
		want := want[vgg]
		names := slices.Sorted(maps.Keys(want))
		if n := len(names); vgg == "vgg19" && n != 16+16+5 || n == 0 {
			t.Fatalf("testdata has %d features of %s", n, vgg)
		}
		got := runOnce(t, b, pictures, []int{1, 53, 46, 3}, func(x *graph.Node) (*Net, []*graph.Node) {
			net := a.Build(x, Inference, UpTo(names...))
			var nodes []*graph.Node
			for _, name := range names {
				nodes = append(nodes, net.Features[name])
				if shape := net.Features[name].Shape().Dimensions; !slices.Equal(shape, want[name].Shape) {
					t.Fatalf("%s of %s is %v, want %v", name, vgg, shape, want[name].Shape)
				}
			}
			return net, nodes
		})
		for i, name := range names {
			if d := difference(t, spread(got[i], 24), want[name].Spread) / largest(want[name].Spread); !(d <= 1e-5) {
				t.Errorf("%s of %s differs by %g", name, vgg, d)
			}
		}
	}
}

// spread takes the elements i·len/n, as make_fixtures.py does.
func spread(values []float32, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = values[i*len(values)/n]
	}
	return out
}

// A network up to some features needs the parameters of the layers before the last of them alone, and reads them from a
// file that holds all.
func TestUpTo(t *testing.T) {
	b := open(t, "go")
	a, err := Lookup("squeezenet1_1")
	if err != nil {
		t.Fatal(err)
	}
	build := func(mode Mode, options ...Option) (net *Net) {
		g := graph.NewGraph(b, a.Name)
		t.Cleanup(g.Finalize)
		net = a.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, 40, 30, 3)), mode, options...)
		return net
	}
	whole := build(Inference)
	for _, mode := range []Mode{Inference, Training} {
		net := build(mode, UpTo("features.3", "features.1"))
		if net.Logits != nil || len(net.Params) != 2+6 || len(net.Inputs) != 2+6 || net.Features["features.4"] != nil {
			t.Errorf("%d parameters, %d inputs", len(net.Params), len(net.Inputs))
		}
		f, err := weights.Open(saved(t, a, nil))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := net.ReadInputs(f)
		if err != nil {
			t.Fatal(err)
		}
		if want := net.RandomInputs(); !slices.EqualFunc(got, want, slices.Equal) {
			t.Error("inputs of the file's parameters are not those of the parameters")
		}
	}

	path := filepath.Join(t.TempDir(), "part.safetensors")
	if err := weights.Write(path, []weights.Tensor{weights.FromFloat32("features.0.weight", []int{64, 3, 3, 3}, make([]float32, 64*27))}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := weights.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := build(Inference, UpTo("features.1")).ReadInputs(f); err == nil || !strings.Contains(err.Error(), "missing: features.0.bias") {
		t.Errorf("a file without a bias: %v", err)
	}
	if _, err := whole.ReadInputs(f); err == nil {
		t.Error("the whole network from a file of one parameter: no error")
	}

	err = engine.Catch(func() { build(Inference, UpTo("features.3", "features.33")) })
	if err == nil || !strings.Contains(err.Error(), `squeezenet1_1 has no feature "features.33" (did you mean features.3`) {
		t.Errorf("a feature that is not there: %v", err)
	}
}

// Adaptive pooling takes the windows that PyTorch documents: from floor(i·n/side) up to ceil((i+1)·n/side).
func TestAdaptiveMean(t *testing.T) {
	const c, side = 3, 7
	for _, s := range [][2]int{{7, 7}, {14, 7}, {1, 2}, {3, 5}, {9, 20}, {8, 6}} {
		h, w := s[0], s[1]
		x := MadeUp("x", 2*h*w*c, -1, 1)
		got := runOnce(t, open(t, "cpu"), x, []int{2, h, w, c}, func(x *graph.Node) (*Net, []*graph.Node) {
			return newNet(x.Graph(), Inference), []*graph.Node{AdaptiveMean(x, side)}
		})[0]
		var want []float32
		for n := range 2 {
			for i := range side {
				for j := range side {
					for k := range c {
						sum, count := 0.0, 0
						for y := i * h / side; y*side < (i+1)*h; y++ {
							for z := j * w / side; z*side < (j+1)*w; z++ {
								sum += float64(x[((n*h+y)*w+z)*c+k])
								count++
							}
						}
						want = append(want, float32(sum/float64(count)))
					}
				}
			}
		}
		if d := difference(t, got, want); !(d <= 1e-6) {
			t.Errorf("%d x %d: means differ by %g", h, w, d)
		}
	}
}

package nets

import (
	"math"
	"slices"
	"testing"
)

// Networks begin as torchvision's do: the mean, the deviation and the largest value of parameters of every family are those of
// the distribution that torchvision draws them from. The deviation of a uniform distribution is its bound / √3.
func TestInitial(t *testing.T) {
	uniform := func(bound float64) [2]float64 { return [2]float64{bound / math.Sqrt(3), bound} }
	normal := func(deviation float64) [2]float64 { return [2]float64{deviation, 6 * deviation} }
	zero := [2]float64{}
	for network, params := range map[string]map[string][2]float64{ // deviation, bound
		"resnet50": {
			"conv1.weight": normal(math.Sqrt(2. / (64 * 49))), "layer2.0.conv2.weight": normal(math.Sqrt(2. / (128 * 9))),
			"layer1.0.downsample.0.weight": normal(math.Sqrt(2. / 256)),
			"fc.weight":                    uniform(1 / math.Sqrt(2048)), "fc.bias": uniform(1 / math.Sqrt(2048)),
		},
		"alexnet": {
			"features.3.weight": uniform(1 / math.Sqrt(64*25)), "features.3.bias": uniform(1 / math.Sqrt(64*25)),
			"classifier.6.weight": uniform(1 / math.Sqrt(4096)),
		},
		"vgg11":              {"features.3.weight": normal(math.Sqrt(2. / (128 * 9))), "features.3.bias": zero, "classifier.6.weight": normal(0.01), "classifier.6.bias": zero},
		"googlenet":          {"conv3.conv.weight": normal(0.01), "fc.weight": normal(0.01), "fc.bias": uniform(1. / 32)},
		"inception_v3":       {"Conv2d_4a_3x3.conv.weight": normal(0.1), "AuxLogits.conv1.conv.weight": normal(0.01), "AuxLogits.fc.weight": normal(0.001)},
		"squeezenet1_1":      {"features.3.expand3x3.weight": uniform(math.Sqrt(6. / (16 * 9))), "features.3.expand3x3.bias": zero, "classifier.1.weight": normal(0.01)},
		"shufflenet_v2_x1_0": {"conv5.0.weight": uniform(1 / math.Sqrt(464)), "fc.weight": uniform(1. / 32)},
		"mobilenet_v2":       {"features.2.conv.1.0.weight": normal(math.Sqrt(2. / (96 * 9))), "classifier.1.weight": normal(0.01), "classifier.1.bias": zero},
		"densenet121":        {"features.transition1.conv.weight": normal(math.Sqrt(2. / 256)), "classifier.weight": uniform(1. / 32), "classifier.bias": zero},
		"bagnet9":            {"layer1.0.conv2.weight": normal(math.Sqrt(2. / (64 * 9)))},
	} {
		a, err := Lookup(network)
		if err != nil {
			t.Fatal(err)
		}
		all, err := a.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range params {
			i := slices.IndexFunc(all, func(p Param) bool { return p.Name == name })
			if i < 0 {
				t.Errorf("%s has no parameter %s", network, name)
				continue
			}
			values := a.initial(all[i], byName(all), 3)
			var sum, squares float64
			for _, v := range values {
				sum += float64(v)
				squares += float64(v) * float64(v)
			}
			n := float64(len(values))
			deviation := math.Sqrt(squares / n)
			if math.Abs(sum/n) > 5*want[0]/math.Sqrt(n) || math.Abs(deviation-want[0]) > 4*want[0]/math.Sqrt(n) || largest(values) > want[1] {
				t.Errorf("%s %s: mean %g, deviation %g, largest %g; want deviation %g, at most %g", network, name, sum/n, deviation, largest(values), want[0], want[1])
			}
		}
	}
}

// Batch normalisations begin as the identity, and numbers depend on the seed and the name.
func TestInitialSeeds(t *testing.T) {
	a, err := Lookup("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	all, err := a.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	one, again, other := a.Initial(all, 1), a.Initial(all, 1), a.Initial(all, 2)
	for _, p := range all {
		switch values := one[p.Name]; {
		case len(values) != p.Len() || !slices.Equal(values, again[p.Name]):
			t.Errorf("%s: other numbers for the same seed", p.Name)
		case len(p.Shape) > 1 && slices.Equal(values, other[p.Name]):
			t.Errorf("%s: the same numbers for another seed", p.Name)
		}
	}
	if slices.Equal(one["layer1.0.conv1.weight"], one["layer1.0.conv2.weight"]) {
		t.Error("two layers begin with the same numbers")
	}
	for name, want := range map[string]float32{"bn1.weight": 1, "bn1.running_var": 1, "bn1.bias": 0, "bn1.running_mean": 0} {
		if v := one[name]; slices.Min(v) != want || slices.Max(v) != want {
			t.Errorf("%s does not begin as %g", name, want)
		}
	}
}

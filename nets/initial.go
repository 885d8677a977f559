package nets

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
)

// Fill gives the elements of the graph's inputs, in the order of Inputs, for parameters as files have them. In Training
// mode, where each input is one parameter, values may be anything of the parameters' shapes that belongs to them, such as
// the running means of an optimiser; nil stays nil for parameters of one axis.
func (n *Net) Fill(values func(name string) []float32) [][]float32 {
	all := make([][]float32, len(n.Inputs))
	for i, in := range n.Inputs {
		all[i] = in.value(values)
	}
	return all
}

// Initial gives the parameters with which training begins, by name, in the order that files have: drawn from the
// distributions that the network's code in torchvision draws them from. Batch normalisations begin as the identity. A
// number depends on the seed, the parameter's name and its place in it alone, so that two networks that differ only in
// their number of classes begin with the same layers before the last.
func (a Architecture) Initial(params []Param, seed uint64) map[string][]float32 {
	drawn := make([][]float32, len(params))
	all := byName(params)
	var group sync.WaitGroup
	for i, p := range params {
		group.Go(func() { drawn[i] = a.initial(p, all, seed) })
	}
	group.Wait()
	values := make(map[string][]float32, len(params))
	for i, p := range params {
		values[p.Name] = drawn[i]
	}
	return values
}

func byName(params []Param) map[string]Param {
	all := make(map[string]Param, len(params))
	for _, p := range params {
		all[p.Name] = p
	}
	return all
}

// beginning is how a family's layers begin, batch normalisations aside.
type beginning struct {
	kernel, linear distribution
	// bias makes the biases of convolutions and linear layers uniform as those of PyTorch's plain layers, else they are 0.
	kernelBias, linearBias bool
}

// A distribution gives the deviation of a normal distribution around 0, or the bound of a uniform one, for a weight of
// [out, in, height, width]; a cut normal distribution has nothing beyond 2, as torchvision asks for.
type distribution struct {
	uniform, cut bool
	size         func(name string, p Param) float64
}

// plain is what PyTorch's Conv2d and Linear begin with: kaiming_uniform with a = √5, which comes to 1/√fan_in.
var plain = distribution{uniform: true, size: func(_ string, p Param) float64 { return 1 / math.Sqrt(fanIn(p)) }}

// heFanOut and heFanIn are kaiming_normal (He et al., ICCV 2015) for ReLU: they keep the variance of the gradients, or that
// of the activations.
var (
	heFanOut = distribution{size: func(_ string, p Param) float64 {
		return math.Sqrt(2 / (fanIn(p) * float64(p.Shape[0]) / float64(p.Shape[1])))
	}}
	heFanIn = distribution{size: func(_ string, p Param) float64 { return math.Sqrt(2 / fanIn(p)) }}
)

func normal(deviation float64) distribution {
	return distribution{size: func(string, Param) float64 { return deviation }}
}

// fanIn is the number of inputs of one output.
func fanIn(p Param) float64 { return float64(p.Len() / p.Shape[0]) }

// beginnings of the families, by the beginnings of their names, as torchvision 0.14 has them; that of BagNets (Brendel and
// Bethge 2019) as its authors have it. What is not here begins as ResNets do.
var beginnings = []struct {
	family string
	beginning
}{
	{"alexnet", beginning{plain, plain, true, true}},
	{"vgg", beginning{heFanOut, normal(0.01), false, false}},
	{"googlenet", beginning{cutNormal(0.01), cutNormal(0.01), false, true}},
	{"inception_v3", beginning{inceptionNormal, inceptionNormal, false, true}},
	{"squeezenet", beginning{squeezeUniform, plain, false, false}},
	{"shufflenet", beginning{plain, plain, true, true}},
	{"mobilenet_v2", beginning{heFanOut, normal(0.01), false, false}},
	{"densenet", beginning{heFanIn, plain, false, false}},
	{"", beginning{heFanOut, plain, false, true}},
}

func cutNormal(deviation float64) distribution {
	d := normal(deviation)
	d.cut = true
	return d
}

// inceptionNormal is narrower in the head beside the last.
var inceptionNormal = distribution{cut: true, size: func(name string, _ Param) float64 {
	switch {
	case strings.HasPrefix(name, "AuxLogits.conv1."):
		return 0.01
	case strings.HasPrefix(name, "AuxLogits.fc."):
		return 0.001
	}
	return 0.1
}}

// squeezeUniform is kaiming_uniform with a = 0, but for the classifier, the only normal one.
var squeezeUniform = distribution{uniform: true, size: func(_ string, p Param) float64 { return math.Sqrt(6 / fanIn(p)) }}

// initial draws one parameter.
func (a Architecture) initial(p Param, all map[string]Param, seed uint64) []float32 {
	values := make([]float32, p.Len())
	module, kind := p.Name, ""
	if dot := strings.LastIndexByte(p.Name, '.'); dot >= 0 {
		module, kind = p.Name[:dot], p.Name[dot+1:]
	}
	weight := all[module+".weight"]
	if len(weight.Shape) < 2 { // a batch normalisation: weight and running variance 1, bias and running mean 0
		if kind == "weight" || kind == "running_var" {
			for i := range values {
				values[i] = 1
			}
		}
		return values
	}
	begin := a.beginning()
	of, bias := begin.kernel, begin.kernelBias
	if len(weight.Shape) == 2 {
		of, bias = begin.linear, begin.linearBias
	}
	if strings.HasPrefix(a.Name, "squeezenet") && module == "classifier.1" {
		of = normal(0.01)
	}
	if kind == "bias" {
		if bias {
			plain.draw(values, weight, seed, p.Name)
		}
		return values
	}
	of.draw(values, weight, seed, p.Name)
	return values
}

func (a Architecture) beginning() beginning {
	for _, b := range beginnings {
		if strings.HasPrefix(a.Name, b.family) {
			return b.beginning
		}
	}
	panic("unreachable: the last family is every network's")
}

// initialPurpose keeps these numbers apart from those that other things draw from the same seed.
const initialPurpose = 0x696e697469616c // "initial"

// draw fills values of the parameter called name, the weight of a layer or its bias.
func (d distribution) draw(values []float32, weight Param, seed uint64, name string) {
	random, size := rand.New(rand.NewPCG(seed^initialPurpose, nameHash(name))), d.size(name, weight)
	for i := range values {
		switch {
		case d.uniform:
			values[i] = float32(size * (2*random.Float64() - 1))
		default:
			v := size * random.NormFloat64()
			for d.cut && math.Abs(v) > 2 {
				v = size * random.NormFloat64()
			}
			values[i] = float32(v)
		}
	}
}

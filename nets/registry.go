package nets

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
)

// Architecture is a network without its weights.
type Architecture struct {
	Name       string // torchvision's
	Preprocess Preprocess

	build   func(Scope, *graph.Node) *graph.Node
	classes int      // that it tells apart, 0 for the 1,000 of ImageNet
	names   []string // of these classes, nil where nobody has given them names
}

// imageNet is the preprocessing that torchvision's classifiers were trained and tested with.
var imageNet = Preprocess{
	Resize: 256, Crop: 224, Filter: pixel.Bilinear,
	Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
}

// tensorFlow is the preprocessing of the classifiers of TensorFlow's slim and Keras that take values of -1..1.
var tensorFlow = Preprocess{
	Resize: 256, Crop: 224, Filter: pixel.Bilinear,
	Mean: [3]float32{0.5, 0.5, 0.5}, Std: [3]float32{0.5, 0.5, 0.5},
}

// imageNet299 is that of Inception v3.
var imageNet299 = Preprocess{Resize: 342, Crop: 299, Filter: imageNet.Filter, Mean: imageNet.Mean, Std: imageNet.Std}

// definition is a row of the table of networks.
type definition struct {
	name       string
	preprocess Preprocess
	build      func(Scope, *graph.Node) *graph.Node
}

// small is the preprocessing for networks that are trained on small pictures: the whole picture, without a margin to cut
// off. Who trains one on another size changes it, and writes that into the weights' metadata.
var small = Preprocess{Resize: 64, Crop: 64, Filter: imageNet.Filter, Mean: imageNet.Mean, Std: imageNet.Std}

// architectures are all networks, in the order of Names.
var architectures = []definition{
	{"alexnet", imageNet, alexNet},
	{"vgg11", imageNet, vgg(false, 1, 1, 2, 2, 2)},
	{"vgg13", imageNet, vgg(false, 2, 2, 2, 2, 2)},
	{"vgg16", imageNet, vgg(false, 2, 2, 3, 3, 3)},
	{"vgg19", imageNet, vgg(false, 2, 2, 4, 4, 4)},
	{"vgg11_bn", imageNet, vgg(true, 1, 1, 2, 2, 2)},
	{"vgg13_bn", imageNet, vgg(true, 2, 2, 2, 2, 2)},
	{"vgg16_bn", imageNet, vgg(true, 2, 2, 3, 3, 3)},
	{"vgg19_bn", imageNet, vgg(true, 2, 2, 4, 4, 4)},
	{"googlenet", imageNet, googLeNet},
	{"inception_v3", imageNet299, inceptionV3},
	{"squeezenet1_0", imageNet, squeezeNet(Conv{Out: 96, Kernel: 7, Stride: 2}, 3, 4, 1)},
	{"squeezenet1_1", imageNet, squeezeNet(Conv{Out: 64, Kernel: 3, Stride: 2}, 2, 2, 4)},
	{"shufflenet_v2_x0_5", imageNet, shuffleNetV2(24, 48, 96, 192, 1024)},
	{"shufflenet_v2_x1_0", imageNet, shuffleNetV2(24, 116, 232, 464, 1024)},
	{"shufflenet_v2_x1_5", imageNet, shuffleNetV2(24, 176, 352, 704, 1024)},
	{"shufflenet_v2_x2_0", imageNet, shuffleNetV2(24, 244, 488, 976, 2048)},
	{"mobilenet_v2", imageNet, mobileNetV2(symmetric)},
	{"mobilenet_v2_tf", tensorFlow, mobileNetV2(same)},
	{"resnet18", imageNet, resNet(wholeStem, basicBlock, 2, 2, 2, 2)},
	{"resnet34", imageNet, resNet(wholeStem, basicBlock, 3, 4, 6, 3)},
	{"resnet50", imageNet, resNet(wholeStem, bottleneck, 3, 4, 6, 3)},
	{"resnet101", imageNet, resNet(wholeStem, bottleneck, 3, 4, 23, 3)},
	{"resnet152", imageNet, resNet(wholeStem, bottleneck, 3, 8, 36, 3)},
	{"resnet18_small", small, resNet(halvingStem, basicBlock, 2, 2, 2, 2)},
	{"resnet34_small", small, resNet(halvingStem, basicBlock, 3, 4, 6, 3)},
	{"resnet18_small_pooled", small, resNet(quarterStem, basicBlock, 2, 2, 2, 2)},
	{"resnet10_slim", small, resNet(slimStem, basicBlock, 1, 1, 1, 1)},
	{"densenet121", imageNet, denseNet(32, 6, 12, 24, 16)},
	{"bagnet9", imageNet, bagNet(true, true, false, false)},
	{"bagnet17", imageNet, bagNet(true, true, true, false)},
	{"bagnet33", imageNet, bagNet(true, true, true, true)},
}

// WithClasses is the network with a last layer, and heads beside it, for n classes; those of [Lookup] have the 1,000 of
// ImageNet. It panics unless n is positive.
func (a Architecture) WithClasses(n int) Architecture {
	if n < 1 {
		panic(fmt.Sprintf("nets: %s for %d classes", a.Name, n))
	}
	a.classes, a.names = n, nil
	return a
}

// WithClassNames is the network for classes that are called so, in the order of its logits.
func (a Architecture) WithClassNames(names []string) Architecture {
	a = a.WithClasses(len(names))
	a.names = slices.Clone(names)
	return a
}

// Classes is how many classes the network tells apart.
func (a Architecture) Classes() int {
	if a.classes == 0 {
		return dataset.NumClasses
	}
	return a.classes
}

// ClassNames are what the network's classes are called, in the order of its logits: nil for the 1,000 of ImageNet, whose
// names package dataset has, and where only their number is known.
func (a Architecture) ClassNames() []string { return slices.Clone(a.names) }

// Names are the names that [Lookup] knows.
func Names() []string {
	names := make([]string, len(architectures))
	for i, d := range architectures {
		names[i] = d.name
	}
	return names
}

// Lookup finds an architecture by torchvision's name for it.
func Lookup(name string) (Architecture, error) {
	for _, d := range architectures {
		if d.name == name {
			return Architecture{Name: d.name, Preprocess: d.preprocess, build: d.build}, nil
		}
	}
	hint := ""
	if near := nearest(name, Names()); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return Architecture{}, fmt.Errorf("there is no network %q%s (there are %s)", name, hint, strings.Join(Names(), ", "))
}

// Parameters are the parameters that a file of weights for this network must hold, in the order of its layers.
func (a Architecture) Parameters() ([]Param, error) {
	b, err := engine.Open("go") // only to infer shapes; nothing is computed
	if err != nil {
		return nil, err
	}
	defer b.Finalize()
	net, err := a.trace(b)
	if err != nil {
		return nil, err
	}
	return net.Params, nil
}

// MultiplyAdds counts the multiply-adds of convolutions and linear layers for n pictures of h x w pixels.
func (a Architecture) MultiplyAdds(b compute.Backend, n, h, w int) (int64, error) {
	net, err := a.traceAt(b, size{n, h, w})
	if err != nil {
		return 0, err
	}
	return net.MultiplyAdds, nil
}

// trace builds the network for one picture of its usual size and throws the graph away.
func (a Architecture) trace(b compute.Backend) (*Net, error) {
	return a.traceAt(b, size{1, a.Preprocess.Crop, a.Preprocess.Crop})
}

func (a Architecture) traceAt(b compute.Backend, s size) (net *Net, err error) {
	err = engine.Catch(func() {
		g := graph.NewGraph(b, a.Name)
		defer g.Finalize()
		net = a.Build(graph.Parameter(g, "pictures", shapes.Make(dtypes.Float32, s.n, s.h, s.w, 3)), Inference)
	})
	if err != nil {
		return nil, fmt.Errorf("%s on engine %s: %w", a.Name, b.Name(), err)
	}
	return net, nil
}

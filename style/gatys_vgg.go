package style

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// vgg19Depths are the convolutions of the five stages of VGG-19 (Simonyan and Zisserman 2014, arXiv 1409.1556, table 1,
// column E).
var vgg19Depths = [...]int{2, 2, 4, 4, 4}

// vggFile is what one publication of VGG-19's weights wants: names of the layers, colours of the pictures.
type vggFile struct {
	name  string
	names []string // of the 16 convolutions
	colors
}

var (
	// vggCaffe is vgg_conv.pth of leongatys/PytorchNeuralStyleTransfer: the weights as Caffe knows them, scaled so that the
	// mean activation of each filter over pictures and places is 1 (Gatys et al., section 2).
	vggCaffe = vggFile{
		name: "vgg_conv", names: vggNames(func(stage, conv, _ int) string { return fmt.Sprintf("conv%d_%d", stage, conv) }),
		colors: colors{mean: [3]float32{0.48501961 * 255, 0.45795686 * 255, 0.40760392 * 255}, spread: [3]float32{1, 1, 1}, bgr: true},
	}
	// vggTorchvision is torchvision's vgg19.
	vggTorchvision = vggFile{
		name: "torchvision", names: vggNames(func(_, _, module int) string { return fmt.Sprintf("features.%d", module) }),
		colors: colorsOf([3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}),
	}
)

// vggNames names the convolutions by stage and number, both from 1, and by their place in a list of all modules.
func vggNames(name func(stage, conv, module int) string) (names []string) {
	module := 0
	for stage, depth := range vgg19Depths {
		for conv := range depth {
			names = append(names, name(stage+1, conv+1, module))
			module += 2 // with its ReLU
		}
		module++ // pooling
	}
	return names
}

// vggOf tells by its names which publication a file is.
func vggOf(f *weights.File) (vggFile, error) {
	for _, v := range []vggFile{vggCaffe, vggTorchvision} {
		if _, ok := f.Shape(v.names[0] + ".weight"); ok {
			return v, nil
		}
	}
	return vggFile{}, fmt.Errorf("%s is no VGG-19 that Gatys' method knows: it has neither %s.weight, as vgg_conv.pth has, nor %s.weight, as torchvision's vgg19 has",
		f.Path(), vggCaffe.names[0], vggTorchvision.names[0])
}

// vggSight is VGG-19 as Gatys' method uses it.
func vggSight(v vggFile, o GatysOptions) (sight, error) {
	eye := sight{name: fmt.Sprintf("VGG-19 (%s, %s pooling)", v.name, o.Pooling), colors: v.colors, channels: map[string]int{}}
	for _, layer := range o.layers() {
		stage, ok := vggStage(layer)
		if !ok {
			return eye, fmt.Errorf("style: VGG-19 has no layer %q; its layers are relu1_1, relu1_2, relu2_1 … relu5_4", layer)
		}
		eye.channels[layer] = vggChannels(stage)
		eye.least = max(eye.least, 1<<(stage-1))
	}
	eye.features = func(s nets.Scope, x *graph.Node, layers []string) []*graph.Node {
		return v.features(s, x, o.Pooling, layers)
	}
	return eye, nil
}

// features builds VGG-19 as far as the layers need, reluI_J, and gives what they put out.
func (v vggFile) features(s nets.Scope, x *graph.Node, pool Pooling, layers []string) []*graph.Node {
	x = v.spreadOut(x)
	found, number := make([]*graph.Node, len(layers)), 0
	missing := len(layers)
	for stage, depth := range vgg19Depths {
		for conv := range depth {
			x = nets.ReLU(s.Conv(v.names[number], x, nets.Conv{Out: vggChannels(stage + 1), Kernel: 3, Pad: 1}))
			number++
			if i := slices.Index(layers, fmt.Sprintf("relu%d_%d", stage+1, conv+1)); i >= 0 {
				found[i] = x
				missing--
			}
			if missing == 0 {
				return found
			}
		}
		if pool == MeanPooling {
			x = nets.MeanPool(x, 2, 2, 0)
		} else {
			x = nets.MaxPool(x, 2, 2, 0, false)
		}
	}
	return found
}

// vggChannels are the channels of the layers of a stage, from 1.
func vggChannels(stage int) int { return min(32<<stage, 512) }

// vggStage is the stage of a layer, from 1, and whether there is such a layer.
func vggStage(layer string) (stage int, ok bool) {
	for s, depth := range vgg19Depths {
		for conv := range depth {
			if layer == fmt.Sprintf("relu%d_%d", s+1, conv+1) {
				return s + 1, true
			}
		}
	}
	return 0, false
}

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
	// The network takes each channel less mean, on the scale 0..255, divided by spread.
	mean, spread [3]float32 // of red, green, blue
	bgr          bool       // the channels stand in the order blue, green, red
}

var (
	// vggCaffe is vgg_conv.pth of leongatys/PytorchNeuralStyleTransfer: the weights as Caffe knows them, scaled so that the
	// mean activation of each filter over pictures and places is 1 (Gatys et al., section 2).
	vggCaffe = vggFile{
		name: "vgg_conv", names: vggNames(func(stage, conv, _ int) string { return fmt.Sprintf("conv%d_%d", stage, conv) }),
		mean: [3]float32{0.48501961 * 255, 0.45795686 * 255, 0.40760392 * 255}, spread: [3]float32{1, 1, 1}, bgr: true,
	}
	// vggTorchvision is torchvision's vgg19.
	vggTorchvision = vggFile{
		name: "torchvision", names: vggNames(func(_, _, module int) string { return fmt.Sprintf("features.%d", module) }),
		mean: [3]float32{0.485 * 255, 0.456 * 255, 0.406 * 255}, spread: [3]float32{0.229 * 255, 0.224 * 255, 0.225 * 255},
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

// features builds VGG-19 as far as the layers need, reluI_J, and gives what they put out.
func (v vggFile) features(s nets.Scope, x *graph.Node, pool Pooling, layers []string) map[string]*graph.Node {
	if v.spread != [3]float32{1, 1, 1} {
		x = graph.Div(x, graph.Const(x.Graph(), [][][][]float32{{{v.spread[:]}}}))
	}
	found, number := map[string]*graph.Node{}, 0
	for stage, depth := range vgg19Depths {
		for conv := range depth {
			x = nets.ReLU(s.Conv(v.names[number], x, nets.Conv{Out: vggChannels(stage + 1), Kernel: 3, Pad: 1}))
			number++
			if layer := fmt.Sprintf("relu%d_%d", stage+1, conv+1); slices.Contains(layers, layer) {
				found[layer] = x
			}
			if len(found) == len(layers) {
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

// take writes pixels on the scale 0..1 as the network takes them but for the spread: less the mean, on the scale 0..255, in
// its order of channels.
func (v vggFile) take(dst, pixels []float32) {
	for i := 0; i+3 <= len(pixels); i += 3 {
		for c := range 3 {
			dst[i+v.channel(c)] = pixels[i+c]*255 - v.mean[c]
		}
	}
}

// give is the inverse of take.
func (v vggFile) give(dst, taken []float32) {
	for i := 0; i+3 <= len(taken); i += 3 {
		for c := range 3 {
			dst[i+c] = (taken[i+v.channel(c)] + v.mean[c]) / 255
		}
	}
}

// channel is the network's channel of red, green or blue.
func (v vggFile) channel(c int) int {
	if v.bgr {
		return 2 - c
	}
	return c
}

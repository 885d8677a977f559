package style

import (
	"fmt"
	"math/bits"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/weights"
)

// sight is a network by whose features Gatys' method compares pictures.
type sight struct {
	name string // for people and identities
	colors
	channels map[string]int // of the layers that are compared
	least    int            // height and width that a picture must have
	relative bool           // losses are relative to the size of what is to be reached
	// features builds the network as far as the layers need and gives what these put out.
	features func(s nets.Scope, x *graph.Node, layers []string) []*graph.Node
}

// colors is how a network takes pictures: each channel less mean, on the scale 0..255, divided by spread. The optimisation
// moves the numbers before the division, of which one unit is one of the 255 steps of a pixel.
type colors struct {
	mean, spread [3]float32 // of red, green, blue
	bgr          bool       // the channels stand in the order blue, green, red
}

// colorsOf is those of a network that takes red, green and blue on the scale 0..1, less mean, divided by deviation.
func colorsOf(mean, deviation [3]float32) (c colors) {
	for i := range 3 {
		c.mean[i], c.spread[i] = mean[i]*255, deviation[i]*255
	}
	return c
}

// spreadOut divides pictures by spread.
func (c colors) spreadOut(x *graph.Node) *graph.Node {
	if c.spread == [3]float32{1, 1, 1} {
		return x
	}
	return graph.Div(x, graph.Const(x.Graph(), [][][][]float32{{{c.spread[:]}}}))
}

// take writes pixels on the scale 0..1 as the network takes them but for the spread: less the mean, on the scale 0..255, in
// its order of channels.
func (c colors) take(dst, pixels []float32) {
	for i := 0; i+3 <= len(pixels); i += 3 {
		for k := range 3 {
			dst[i+c.channel(k)] = pixels[i+k]*255 - c.mean[k]
		}
	}
}

// give is the inverse of take.
func (c colors) give(dst, taken []float32) {
	for i := 0; i+3 <= len(taken); i += 3 {
		for k := range 3 {
			dst[i+k] = (taken[i+c.channel(k)] + c.mean[k]) / 255
		}
	}
}

// channel is the network's channel of red, green or blue.
func (c colors) channel(k int) int {
	if c.bgr {
		return 2 - k
	}
	return k
}

// sightOf is the network that settings name, or the VGG-19 that the file holds.
func sightOf(b compute.Backend, f *weights.File, o GatysOptions) (sight, error) {
	if o.Network != "" {
		return networkSight(b, o)
	}
	v, err := vggOf(f)
	if err != nil {
		return sight{}, err
	}
	return vggSight(v, o)
}

// networkSight is a network of package nets.
func networkSight(b compute.Backend, o GatysOptions) (sight, error) {
	a, err := nets.Lookup(o.Network)
	if err != nil {
		return sight{}, fmt.Errorf("style: %w", err)
	}
	eye := sight{name: a.Name, relative: true, channels: map[string]int{}, colors: colorsOf(a.Preprocess.Mean, a.Preprocess.Std)}
	eye.features = func(s nets.Scope, x *graph.Node, layers []string) []*graph.Node {
		return s.Trunks(a, eye.spreadOut(x), layers...)
	}
	probe := encoder{name: a.Name, build: func(s nets.Scope, x *graph.Node) []*graph.Node { return s.Trunks(a, x, o.layers()...) }}
	const large = 512
	dims, err := probe.shapes(b, large)
	if err != nil {
		return eye, fmt.Errorf("style: %w", err)
	}
	for i, layer := range o.layers() {
		if len(dims[i]) != 4 {
			return eye, fmt.Errorf("style: feature %s of %s is no picture: its shape is %v", layer, a.Name, dims[i])
		}
		eye.channels[layer] = dims[i][3]
		// Borders that are not padded take off less than the stride.
		eye.least = max(eye.least, 2<<(bits.Len(uint(large/dims[i][1]))-1))
	}
	return eye, nil
}

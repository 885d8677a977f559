package nets

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Option changes what [Architecture.Build] builds.
type Option func(*Net)

// UpTo builds the network only as far as these features need, by their names in Net.Features: such as relu4_1 of VGG-19.
// Logits stays nil, and Params and Inputs are those of the layers that were built. The layers before a classifier take
// pictures of any size. Build panics where the network has no feature of that name.
func UpTo(features ...string) Option {
	return func(n *Net) {
		n.wanted = map[string]bool{}
		for _, f := range features {
			n.wanted[f] = true
		}
	}
}

// Build adds the network to the graph of x, pictures normalised as Preprocess says, [batch, height, width, 3]. It panics
// on mistakes, as graph code does. The inputs for the parameters are created after x.
func (a Architecture) Build(x *graph.Node, mode Mode, options ...Option) *Net {
	if x.Rank() != 4 || x.Shape().Dim(3) != 3 {
		panic(fmt.Errorf("%s takes pictures [batch, height, width, 3], not %s", a.Name, x.Shape()))
	}
	net := newNet(x.Graph(), mode)
	for _, option := range options {
		option(net)
	}
	net.Logits = untilReached(func() *graph.Node { return a.layers(net.scope(), x) })
	if len(net.wanted) > 0 {
		panic(noFeature(a.Name, net))
	}
	return net
}

// noFeature says that a network was built to its end without coming by a feature that was asked for.
func noFeature(name string, net *Net) error {
	missing, all := slices.Sorted(maps.Keys(net.wanted))[0], slices.Sorted(maps.Keys(net.Features))
	return fmt.Errorf("%s has no feature %q%s (there are %s)", name, missing, hint(missing, "did you mean", all), strings.Join(all, ", "))
}

// untilReached is what build gives, or nil where Mark ended it.
func untilReached(build func() *graph.Node) *graph.Node {
	defer func() {
		if thrown := recover(); thrown != nil && thrown != (any)(reached{}) {
			panic(thrown)
		}
	}()
	return build()
}

func newNet(g *graph.Graph, mode Mode) *Net {
	return &Net{
		Features: map[string]*graph.Node{}, Statistics: map[string]*graph.Node{}, Auxiliary: map[string]*graph.Node{},
		mode: mode, graph: g, ignored: map[string]bool{},
	}
}

func (n *Net) scope() Scope { return Scope{net: n, epsilon: normEpsilon, momentum: normMomentum} }

// layers adds the network's layers, the last for as many classes as the architecture has.
func (a Architecture) layers(s Scope, x *graph.Node) *graph.Node {
	s.classes = a.Classes()
	return a.build(s, x)
}

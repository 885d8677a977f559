package nets

import "github.com/gomlx/gomlx/core/graph"

// Begin starts a network of one's own in the graph of x: the Scope's methods add layers to it, and the Net collects the
// parameters that they ask for. It has Logits only where the caller sets them.
func Begin(g *graph.Graph, mode Mode, options ...Option) (*Net, Scope) {
	net := newNet(g, mode)
	for _, option := range options {
		option(net)
	}
	return net, net.scope()
}

// Trunk is a feature of another network on x, as a part of this one: its parameters are asked for under this scope's
// prefix. It panics where the network has no such feature.
func (s Scope) Trunk(a Architecture, x *graph.Node, feature string) *graph.Node {
	return s.Trunks(a, x, feature)[0]
}

// Trunks is Trunk for several features of one pass through the network, which is built as far as the deepest of them.
func (s Scope) Trunks(a Architecture, x *graph.Node, features ...string) []*graph.Node {
	outer := s.net.wanted
	s.net.wanted = map[string]bool{}
	for _, f := range features {
		s.net.wanted[s.path(f)] = true
	}
	defer func() { s.net.wanted = outer }()
	untilReached(func() *graph.Node { return a.layers(s, x) })
	if len(s.net.wanted) > 0 {
		panic(noFeature(a.Name, s.net))
	}
	nodes := make([]*graph.Node, len(features))
	for i, f := range features {
		nodes[i] = s.net.Features[s.path(f)]
	}
	return nodes
}

// BatchStatistics makes the batch normalisations that follow, in the whole network and not in this scope alone, normalise
// with the statistics of the batch, as a PyTorch module does that was never told to evaluate.
func (s Scope) BatchStatistics() Scope {
	s.net.mode = Training
	return s
}

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
	outer := s.net.wanted
	s.net.wanted = map[string]bool{s.path(feature): true}
	defer func() { s.net.wanted = outer }()
	untilReached(func() *graph.Node { return a.build(s, x) })
	if node := s.net.Features[s.path(feature)]; node != nil && len(s.net.wanted) == 0 {
		return node
	}
	panic(noFeature(a.Name, s.net))
}

// BatchStatistics makes the batch normalisations that follow, in the whole network and not in this scope alone, normalise
// with the statistics of the batch, as a PyTorch module does that was never told to evaluate.
func (s Scope) BatchStatistics() Scope {
	s.net.mode = Training
	return s
}

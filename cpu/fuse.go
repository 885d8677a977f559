package cpu

// fuse rewrites a computation for speed.
func fuse(g *graph, outputs []*node) []*node { return outputs }

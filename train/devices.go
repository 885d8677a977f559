package train

import (
	"slices"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/graph"
)

// sharing says how the devices of an engine share a batch.
type sharing struct {
	parts    int                       // of the batch, one a device; 1 where each device has the whole batch
	pictures *distributed.ShardingSpec // of what has a part a device; nil on one device
	whole    *distributed.ShardingSpec // of what every device has the whole of; nil on one device
}

// share makes the graph one for so many devices, before anything is added to it. A batch that they cannot share equally is
// computed whole by each. It panics as graph code does.
func share(g *graph.Graph, devices, pictures int) sharing {
	if devices == 1 {
		return sharing{parts: 1}
	}
	const axis = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{devices}, []string{axis})
	if err != nil {
		panic(err)
	}
	if err := g.SetAutoSharding(mesh); err != nil {
		panic(err)
	}
	s := sharing{parts: 1, whole: distributed.NewReplicatedShardingSpec(mesh)}
	s.pictures = s.whole
	if pictures%devices == 0 {
		s.parts = devices
		if s.pictures, err = distributed.NewShardingSpec(mesh, distributed.AxisSpec{axis}); err != nil {
			panic(err)
		}
	}
	return s
}

// compile compiles a graph of which every device puts out the same.
func (s sharing) compile(g *graph.Graph, outputs []*graph.Node) {
	var specs []*distributed.ShardingSpec
	if s.whole != nil {
		specs = slices.Repeat([]*distributed.ShardingSpec{s.whole}, len(outputs))
	}
	if err := g.CompileWithSharding(outputs, specs); err != nil {
		panic(err)
	}
}

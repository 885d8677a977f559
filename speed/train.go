package speed

import (
	"context"
	"math/rand/v2"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/train"
)

// trainingWork gives a function that takes one training step on a made-up batch, the same each time: SGD with momentum on
// the cross entropy, and dropout with another seed each step.
func trainingWork(b compute.Backend, a nets.Architecture, o Options) (run func() error, done func(), err error) {
	learner, err := train.NewLearner(b, a, train.Learning{Momentum: 0.9}, train.Start{})
	if err != nil {
		return nil, nil, err
	}
	random := rand.New(rand.NewPCG(3, 4))
	batch := train.Batch{N: o.Batch, H: o.Size, W: o.Size, Pixels: make([]byte, o.Batch*o.Size*o.Size*3), Labels: make([]int32, o.Batch)}
	for i := range batch.Pixels {
		batch.Pixels[i] = byte(random.Uint32())
	}
	for i := range batch.Labels {
		batch.Labels[i] = int32(random.IntN(a.Classes()))
	}
	run = func() error {
		_, err := learner.Step(context.Background(), batch, 0.01, uint64(learner.Steps()))
		return err
	}
	return run, func() { learner.Close() }, nil
}

package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/train"
)

// A network learns to tell dark pictures from bright ones, by a loop of one's own.
func ExampleLearner() {
	b, err := engine.Open("cpu")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()
	network, err := nets.Lookup("resnet10_slim")
	if err != nil {
		log.Fatal(err)
	}
	learner, err := train.NewLearner(b, network.WithClasses(2), train.Learning{Optimiser: train.SGD, Momentum: 0.9, WeightDecay: 1e-4}, train.Start{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	defer learner.Close()

	batch := train.Batch{N: 8, H: 32, W: 32, Pixels: make([]byte, 8*32*32*3)}
	for i := range batch.N {
		bright := i % 2
		picture := batch.Pixels[i*32*32*3:][:32*32*3]
		for j := range picture {
			picture[j] = byte(40 + 100*bright + (i*31+j*17)%60)
		}
		batch.Labels = append(batch.Labels, int32(bright))
	}
	schedule := train.Schedule{Kind: train.Cosine, Base: 0.05, Steps: 20, WarmUp: 5}
	var progress train.Progress
	for step := range schedule.Steps {
		if progress, err = learner.Step(context.Background(), batch, schedule.Rate(step), uint64(step)); err != nil {
			log.Fatal(err)
		}
	}
	state, err := learner.State()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d of %d right after %d steps\n", progress.Right, batch.N, state.Steps)
	// Output: 8 of 8 right after 20 steps
}

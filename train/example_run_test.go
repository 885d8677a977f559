package train_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/train"
)

// A training by a recipe, as gestalt train does it.
func ExampleRun() {
	recipe, err := train.ReadRecipe([]byte(`
network: resnet10_slim
size: 32
epochs: 2
batch: 16
train: [{synth: {kind: in, split: train, count: 64, seed: 1}}]
validation: [{synth: {kind: in, split: val, count: 32, seed: 1}}]
schedule: {name: cosine, rate: 0.02}
`))
	if err != nil {
		log.Fatal(err)
	}
	pictures, validation, closePictures, err := recipe.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer closePictures()
	backend, err := engine.Open("cpu")
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Finalize()
	out, err := os.MkdirTemp("", "training")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(out)
	result, err := train.Run(context.Background(), backend, train.Job{Recipe: recipe, Train: pictures, Validation: validation, Out: out})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range result.Epochs {
		fmt.Printf("epoch %d, %d steps, tested on %d pictures\n", e.Epoch, e.Step, e.Validated)
	}
	// Output:
	// epoch 1, 4 steps, tested on 32 pictures
	// epoch 2, 8 steps, tested on 32 pictures
}

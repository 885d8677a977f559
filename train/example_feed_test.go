package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// Batches of drawn pictures, half of which are repainted in styles drawn anew in each epoch; [train.FolderSource] gives those
// of class folders instead.
func ExampleFeed() {
	set, err := synth.New(synth.Options{Seed: 1, Split: "train", Kind: synth.IN, Size: 64, Len: 40})
	if err != nil {
		log.Fatal(err)
	}
	backend, err := engine.Open(engine.Default)
	if err != nil {
		log.Fatal(err)
	}
	method, err := style.OpenRandConv(backend, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer method.Close()
	feed, err := train.NewFeed(train.SynthSource(set), train.FeedOptions{
		Size: 32, Batch: 16, Seed: 7,
		Transform: augment.Transform{Crop: augment.Resized, Area: augment.ImageNetCrop, Flip: 0.5, Jitter: augment.Jitter{Brightness: 0.4}},
		Painting:  &train.Painting{Stylizer: method, Styles: method, From: "drawn", Rate: 0.5},
	})
	if err != nil {
		log.Fatal(err)
	}
	for batch, err := range feed.Epoch(context.Background(), 0, 1) { // from the second batch on, as after a restart
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(batch.N, "pictures,", len(batch.Pixels), "bytes; the first three are", batch.Labels[:3])
	}
	// Output:
	// 16 pictures, 49152 bytes; the first three are [11 15 5]
	// 8 pictures, 24576 bytes; the first three are [9 3 13]
}

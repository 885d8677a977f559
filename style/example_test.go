package style_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// augment repaints half of a loader's pictures in styles made up for this epoch, and leaves the others as they are. Which
// half, and which styles, is a function of seed, epoch and the pictures' numbers, not of the batch that they are in.
func augment(ctx context.Context, s style.Stylizer, pictures []*pixel.Image, numbers []int, seed, epoch uint64) error {
	var chosen []*pixel.Image
	var styles []style.Style
	var at []int
	for i, m := range pictures {
		random := rand.New(rand.NewPCG(seed, epoch<<32|uint64(numbers[i])))
		if random.Float64() < 0.5 {
			continue
		}
		drawn, err := s.Draw(random.Uint64())
		if err != nil {
			return err
		}
		chosen, styles, at = append(chosen, m), append(styles, drawn), append(at, i)
	}
	if len(chosen) == 0 {
		return nil
	}
	batch, err := style.BatchOf(chosen...)
	if err != nil {
		return err
	}
	painted, err := s.Stylize(ctx, batch, styles)
	if err != nil {
		return err
	}
	for k, i := range at {
		pictures[i] = painted.Image(k)
	}
	return nil
}

// Style randomisation as an augmentation (Jackson et al. 2018) in a loader of one's own. [style.OpenGhiasi] gives painted
// styles; random convolutions need no weights.
func ExampleStylizer() {
	backend, err := engine.Open(engine.Default)
	if err != nil {
		log.Fatal(err)
	}
	s, err := style.OpenRandConv(backend, 1)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for epoch := range uint64(3) {
		batch := make([]*pixel.Image, 6) // what a loader has decoded and cropped
		for i := range batch {
			batch[i] = pixel.New(32, 32, 3)
			for k := range batch[i].Pix {
				batch[i].Pix[k] = byte(k * (i + 1))
			}
		}
		before := append([]*pixel.Image{}, batch...)
		if err := augment(context.Background(), s, batch, []int{0, 1, 2, 3, 4, 5}, 7, epoch); err != nil {
			log.Fatal(err)
		}
		var repainted []int
		for i := range batch {
			if batch[i] != before[i] {
				repainted = append(repainted, i)
			}
		}
		fmt.Println("epoch", epoch, "repaints", repainted)
	}
	// Output:
	// epoch 0 repaints [0 3]
	// epoch 1 repaints [1 2 5]
	// epoch 2 repaints [2 3 5]
}

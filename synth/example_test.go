package synth_test

import (
	"fmt"

	"github.com/gestalt-vision/gestalt/synth"
)

func Example() {
	set, err := synth.New(synth.Options{Seed: 1, Split: "val", Kind: synth.CueConflict, Size: 64, Len: 240})
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, truth := set.Picture(8)
	fmt.Printf("%d x %d pixels: a %s with the %s of a %s\n", picture.W, picture.H,
		synth.Classes()[truth.Shape], synth.Textures()[truth.Texture], synth.Classes()[truth.Texture])
	// Output: 64 x 64 pixels: a fish with the labyrinth of a flower
}

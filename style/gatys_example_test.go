package style_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// Repaint a picture as Gatys et al. do. This example has made-up weights and few iterations; for real pictures use
// style.OpenGatys with vgg_conv.pth, and the 500 iterations of style.DefaultGatys.
func ExampleGatys() {
	b, err := engine.Open("cpu")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Finalize()

	options := style.DefaultGatys()
	options.Scales = []style.GatysScale{{Factor: 0.5, Iterations: 2}, {Factor: 1, Iterations: 2}} // coarse strokes first
	options.Progress = func(p style.GatysProgress) { fmt.Println("scale", p.Scale, "iteration", p.Iteration) }
	g, err := style.RandomGatys(b, options)
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()

	content, painting := pixel.New(64, 48, 3), pixel.New(80, 64, 3) // or from pixel.Decode
	for i := range painting.Pix {
		painting.Pix[i] = byte(i * 7)
	}
	s, err := g.Encode(painting)
	if err != nil {
		log.Fatal(err)
	}
	contents, err := style.BatchOf(content)
	if err != nil {
		log.Fatal(err)
	}
	painted, err := g.Stylize(context.Background(), contents, []style.Style{s})
	if err != nil {
		log.Fatal(err)
	}
	m := painted.Image(0)
	fmt.Println(m.W, "x", m.H)
	// Output:
	// scale 0 iteration 0
	// scale 0 iteration 1
	// scale 1 iteration 0
	// scale 1 iteration 1
	// 64 x 48
}

package style_test

import (
	"context"
	"fmt"
	"log"

	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
)

// Style augmentation as Jackson et al. do it: each picture in a style drawn from those of many paintings, half-way between
// that style and its own. The files are the project's own; `gestalt models pull styleaug-transformer styleaug-predictor
// styleaug-embeddings` gets them. For a loader see [style.Stylizer].
func ExampleOpenGhiasi() {
	backend, err := engine.Open(engine.Default)
	if err != nil {
		log.Fatal(err)
	}
	defer backend.Finalize()
	stylizer, err := style.OpenGhiasi(backend, style.GhiasiFiles{
		Transformer: "styleaug_checkpoint_transformer.pth",
		Predictor:   "styleaug_checkpoint_stylepredictor.pth",
		Embeddings:  "styleaug_checkpoint_embeddings.pth",
	}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	defer stylizer.Close()

	picture := pixel.New(224, 224, 3) // from a loader
	batch, err := style.BatchOf(picture)
	if err != nil {
		log.Fatal(err)
	}
	drawn, err := stylizer.Draw(1)
	if err != nil {
		log.Fatal(err)
	}
	if batch, err = stylizer.Stylize(context.Background(), batch, []style.Style{drawn}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(batch.Image(0).W)
}

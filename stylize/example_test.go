package stylize_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/engine"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/stylize"
)

// A folder of class folders, repainted into another with random convolutions.
func ExampleJob() {
	dir, err := os.MkdirTemp("", "stylize")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, class := range []string{"bear", "cat"} { // pictures to repaint; usually there are some
		path := filepath.Join(dir, "photos", class, "1.png")
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			log.Fatal(err)
		}
		file, err := os.Create(path)
		if err != nil {
			log.Fatal(err)
		}
		if err := pixel.EncodePNG(file, pixel.New(40, 32, 3)); err != nil {
			log.Fatal(err)
		}
		file.Close()
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
	pictures, err := dataset.Open(filepath.Join(dir, "photos"))
	if err != nil {
		log.Fatal(err)
	}
	defer pictures.Close()
	job := stylize.Job{Stylizer: method, Styles: method, From: "random", Pictures: pictures, Engine: engine.Default,
		Out: filepath.Join(dir, "stylized"), Part: 1, Parts: 1, Batch: 8, Workers: 2,
		Recipe: stylize.Recipe{Copies: 1, Size: 32, Resize: 32, Format: stylize.JPEG, Quality: 95}}
	result, err := job.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	entries, _, err := stylize.ReadManifest(job.Out)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Done, "pictures")
	for _, e := range entries {
		fmt.Println(e.Picture, "->", e.Output)
	}
	// Output:
	// 2 pictures
	// bear/1.png -> bear/1.jpg
	// cat/1.png -> cat/1.jpg
}

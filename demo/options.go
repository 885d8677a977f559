package demo

import (
	"errors"
	"fmt"
	"math"
	"runtime"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// Options say how the demonstration is done.
type Options struct {
	// Recipe is that of the network trained on IN; its training and validation pictures are one synth set each. The other
	// rows are derived from it.
	Recipe train.Recipe
	// Share is how much of the recipe's epochs is trained, above 0. Where that would be less than an epoch, there are fewer
	// pictures too.
	Share float64
	Seed  uint64 // of everything that is drawn

	// Dir is a folder that gets the trainings, DIR/networks/NAME, as train.Run leaves them. It must not hold any.
	Dir string

	// Open opens the engine, with so many threads if it can be told. Together is how many trainings may run at once, each with
	// an engine of its own: small networks leave several threads waiting for one another, several networks don't.
	Open     func(threads int) (compute.Backend, error)
	Together int
	Workers  int // threads and goroutines in all; 0 for one a processor

	Engine, Version string // what the trainings' settings say they were computed with

	Tell func(Status) // called now and then, never twice at once; may be nil
}

// Status is how far the demonstration is.
type Status struct {
	Doing string // such as "training"
	Done  int    // pictures that this has shown, of Total
	Total int
}

// minPictures is the least size of a set: each pair of a shape and the texture of another class once.
const minPictures = synth.NumClasses * (synth.NumClasses - 1)

// testPictures is the number of pictures in each test set.
const testPictures = 4 * minPictures

// sizes are the numbers of pictures and what of the epochs is trained.
type sizes struct {
	training, validation, test int
	share                      float64
}

// check says what is wrong with the options and fills in what they leave open.
func (o *Options) check() (s sizes, err error) {
	if err := o.Recipe.Check(); err != nil {
		return s, fmt.Errorf("demo: recipe: %w", err)
	}
	training, validation := o.Recipe.Train, o.Recipe.Validation
	switch {
	case len(training) != 1 || training[0].Synth == nil || len(validation) != 1 || validation[0].Synth == nil:
		return s, errors.New("demo: the recipe must be for one synth set, tested on another")
	case !(o.Share > 0) || o.Share > 1e4:
		return s, fmt.Errorf("demo: %g of the recipe's epochs: there must be some, and at most 10000 times as many", o.Share)
	case o.Open == nil || o.Dir == "":
		return s, errors.New("demo: an engine and a folder are needed")
	case o.Workers < 0 || o.Together < 0:
		return s, fmt.Errorf("demo: %d workers, %d networks at once: neither may be less than 0", o.Workers, o.Together)
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Together = max(o.Together, 1)
	// Below a third of the epochs there are as many epochs, of fewer pictures.
	scale := min(1, 3*o.Share)
	scaled := func(n int) int { return max(minPictures, int(math.Round(scale*float64(n)/minPictures))*minPictures) }
	s = sizes{training: scaled(training[0].Synth.Count), validation: scaled(validation[0].Synth.Count), test: scaled(testPictures)}
	s.share = o.Share * float64(training[0].Synth.Count) / float64(s.training)
	return s, nil
}

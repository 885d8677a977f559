package demo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/gestalt-vision/gestalt/train"
	"github.com/gestalt-vision/gestalt/weights"
)

// row says how a network is trained.
type row struct {
	name, training, fineTuning string
	folder                     string
	sets                       []string // IN, SIN or both
	epochs, rate               float64  // as shares of the recipe's
	then                       *row     // goes on from this one's weights
}

// rows are the four of the paper's table. Painted pictures are learned more slowly than plain ones: networks see them for
// more epochs, so that each row ends where more training changes little. In the paper fine-tuning has a tenth of the rate, too.
var rows = []*row{
	{name: "SIN+IN", training: "SIN+IN", folder: "sin-in", sets: []string{SIN, IN}, epochs: 1, rate: 1,
		then: &row{name: "Shape-ResNet", training: "SIN+IN", fineTuning: "IN", folder: "shape-resnet", sets: []string{IN}, epochs: 2. / 7, rate: 0.1}},
	{name: "SIN", training: "SIN", folder: "sin", sets: []string{SIN}, epochs: 12. / 7, rate: 1},
	{name: "IN", training: "IN", folder: "in", sets: []string{IN}, epochs: 1, rate: 1},
}

// inOrder are the rows' places in the table.
var inOrder = map[string]int{"IN": 0, "SIN": 1, "SIN+IN": 2, "Shape-ResNet": 3}

// recipe is the recipe of a row.
func (r *row) recipe(o *Options, n sizes) train.Recipe {
	made := o.Recipe
	made.Seed = o.Seed
	made.About = fmt.Sprintf("the row %s of the demonstration, trained on %s; settings.json says how SIN was painted", r.name, r.training)
	made.Train, made.Validation = o.synth(made.Train[0], n.training), o.synth(made.Validation[0], n.validation)
	made.Epochs = max(1, int(math.Round(float64(made.Epochs)*n.share*r.epochs)))
	made.Schedule.Rate *= r.rate
	made.Schedule.Warmup = min(made.Schedule.Warmup, float64(made.Epochs)/4)
	return made
}

// synth is a recipe's set in the size and with the seed of the demonstration.
func (o *Options) synth(from train.SourceRecipe, n int) []train.SourceRecipe {
	set := *from.Synth
	set.Count, set.Seed = n, o.Seed
	return []train.SourceRecipe{{Synth: &set}}
}

// sources are the pictures that a row learns from, those that it is tested on after each epoch.
func (r *row) sources(d *data) (training, validation train.Source, err error) {
	var learn, test []train.Source
	for _, set := range r.sets {
		if set == SIN {
			learn, test = append(learn, d.sin), append(test, d.sinVal)
		} else {
			learn, test = append(learn, d.in), append(test, d.val)
		}
	}
	if len(learn) == 1 {
		return learn[0], test[0], nil
	}
	if training, err = train.Mixture(learn...); err != nil {
		return nil, nil, err
	}
	validation, err = train.Mixture(test...)
	return training, validation, err
}

// pictures is how many pictures the training of a row and of those after it shows.
func (r *row) pictures(o *Options, n sizes) int {
	if r == nil {
		return 0
	}
	return r.recipe(o, n).Epochs*n.training*len(r.sets) + r.then.pictures(o, n)
}

// trainer trains rows.
type trainer struct {
	*Options
	sizes
	data  *data
	clock *clock

	mu   sync.Mutex
	done int // pictures shown
	all  int
	rows [4]Row
}

// tell counts pictures that a training has shown.
func (t *trainer) tell(pictures int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.done += pictures
	if t.Tell != nil {
		t.Tell(Status{"training", t.done, t.all})
	}
}

// run trains all rows, several at once, those with the most pictures first.
func (t *trainer) run(ctx context.Context) error {
	together := min(t.Together, t.Workers, len(rows))
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	waiting := make(chan *row, len(rows))
	for _, r := range rows {
		waiting <- r
		t.all += r.pictures(t.Options, t.sizes)
	}
	close(waiting)
	failed := make([]error, together)
	var group sync.WaitGroup
	for i := range together {
		group.Go(func() {
			for r := range waiting {
				if failed[i] = t.chain(ctx, r, t.Workers/together); failed[i] != nil {
					stop() // the others end too
					return
				}
			}
		})
	}
	group.Wait()
	// The first that failed is not the one that was interrupted because of it.
	for _, err := range failed {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return errors.Join(failed...)
}

// chain trains a row and the ones that go on from it.
func (t *trainer) chain(ctx context.Context, r *row, threads int) (err error) {
	b, err := t.Open(threads)
	if err != nil {
		return err
	}
	defer b.Finalize()
	var from *weights.File
	for ; r != nil; r = r.then {
		made, err := t.row(ctx, b, r, from, threads)
		if from != nil {
			err = errors.Join(err, from.Close())
		}
		if err != nil {
			return fmt.Errorf("the network trained on %s: %w", r.name, err)
		}
		t.rows[inOrder[r.name]] = made
		if r.then != nil {
			if from, err = weights.Open(made.Weights); err != nil {
				return err
			}
		}
	}
	return nil
}

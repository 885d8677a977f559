package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/style"
	"github.com/gestalt-vision/gestalt/weights"
)

// Job is a training from its recipe to the files that it leaves. [Run] does it.
type Job struct {
	Recipe     Recipe
	Train      Source
	Validation Source        // of the same classes
	Init       *weights.File // parameters to start from; nil for random ones. It may be closed after Run
	Painting   *Painting     // what repaints the share of the pictures that the recipe wants; nil for none

	// Out is the folder of the results. It is made; what another training left in it is not overwritten.
	Out string
	// Resume goes on with the training that Out holds, to the bytes that it would have left without interruption, on one
	// engine. Where it holds none, training begins.
	Resume bool
	// SaveSteps and SaveEvery are how often the checkpoint is saved beside the end of each epoch; 0 is never.
	SaveSteps int
	SaveEvery time.Duration

	Devices int    // of the engine, that share each batch; 1 where it is 0
	Workers int    // pictures prepared at once; the results are the same for any number
	Engine  string // what the results say they were computed with, besides Version
	Version string

	// Note is called with what is not as one might expect, such as a last layer that begins anew; nil for nobody.
	Note func(string)
	Tell func(Status) // called after each step, each batch of validation and each epoch; nil for nobody
}

// Phases of a [Status].
const (
	Training   = "training"   // a step is done
	Validating = "validating" // a batch of validation is done
	Validated  = "validated"  // the epoch is done, and on the disk
)

// Status is how far a training is.
type Status struct {
	Phase         string
	Epoch, Epochs int     // Epoch counts from 1
	Step, Steps   int     // steps of the epoch that are done, of how many; of Validating, pictures
	Pictures      int     // that the step has shown
	Left          int     // pictures that training will still show
	Loss, Top1    float64 // of the epoch so far
	Rate          float64 // learning rate of the step
	Result        Epoch   // of Validated
}

// Result is what a training came to.
type Result struct {
	Epochs     []Epoch `json:"epochs"`
	Best       Epoch   `json:"best"` // the one with the highest top-1 accuracy on the validation pictures, the earliest of several
	Classes    int     `json:"classes"`
	Parameters int     `json:"parameters"` // learned numbers
	Pictures   int     `json:"pictures"`   // of an epoch
	Last       string  `json:"last"`       // file of the weights after the last epoch
	BestFile   string  `json:"best_file"`

	// Broken are pictures that could not be used: in training others took their places, in validation they were left out.
	Broken []style.BrokenPicture `json:"broken"`
}

// Epoch is a line of the metrics. Accuracies are shares from 0 to 1. Those on training pictures are of the network as it
// was at each step, on augmented pictures.
type Epoch struct {
	Epoch          int     `json:"epoch"` // from 1
	Step           int     `json:"step"`  // steps done since the beginning
	Rate           float64 `json:"rate"`  // learning rate of the last step
	TrainLoss      float64 `json:"train_loss"`
	TrainTop1      float64 `json:"train_top1"`
	ValidationLoss float64 `json:"val_loss"`
	ValidationTop1 float64 `json:"val_top1"`
	ValidationTop5 float64 `json:"val_top5"`
	Validated      int     `json:"val_pictures"`
}

// Diverged is the error of a training whose loss is no number any more, or far above that of guessing.
type Diverged struct {
	Epoch, Step int // counted from 1
	Loss        float64
	Rate        float64
	Saved       string // the checkpoint, which is of before; "" where there is none yet
	SavedStep   int
}

func (d *Diverged) Error() string {
	text := fmt.Sprintf("training diverges: the loss is %.4g at step %d (epoch %d) with a learning rate of %.4g; lower schedule.rate, or let it rise slowly with schedule.warmup",
		d.Loss, d.Step, d.Epoch, d.Rate)
	if d.Saved != "" {
		text += fmt.Sprintf(". The last good checkpoint, of step %d, is %s", d.SavedStep, d.Saved)
	}
	return text
}

// Run trains a network. In Out it leaves
//
//	recipe.yaml              the recipe, with every value
//	settings.json            what else the result depends on
//	last.safetensors         the weights after the last epoch, by torchvision's names, with the names of the classes
//	best.safetensors         those of the epoch that was best on the validation pictures
//	metrics.csv              a line an epoch
//	metrics.jsonl            the same, and lines of the epochs' parts
//	times.csv                seconds and pictures per second of each epoch, the only file that depends on the clock
//	checkpoint.safetensors   what --resume goes on from
//
// all of them written whole or not at all, or cut back to the checkpoint when training goes on. When ctx is done, the
// step in hand is finished and the checkpoint saved.
func Run(ctx context.Context, b compute.Backend, j Job) (Result, error) {
	if err := j.check(); err != nil {
		return Result{}, err
	}
	dir, err := claim(j)
	if err != nil {
		return Result{}, err
	}
	r := run{job: j, backend: b, dir: dir}
	err = r.all(ctx)
	return r.result, errors.Join(err, dir.close())
}

func (j Job) check() error {
	if err := j.Recipe.Check(); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	switch {
	case j.Out == "":
		return errors.New("train: there is no folder for the results")
	case j.Recipe.Init != "" && j.Init == nil:
		return fmt.Errorf("train: the weights to start from, %s, are not there", j.Recipe.Init)
	case j.Recipe.Augment.Style.Rate > 0 && j.Painting == nil:
		return fmt.Errorf("train: nothing repaints pictures, as the recipe wants it with %s", j.Recipe.Augment.Style.Method)
	}
	if n := len(j.Train.Classes()); n < 2 {
		return fmt.Errorf("train: pictures of %d class; there is nothing to be told apart", n)
	}
	return sameClasses(j.Train, j.Validation)
}

// run is a training under way.
type run struct {
	job     Job
	backend compute.Backend
	dir     *folder

	network  nets.Architecture
	learner  *Learner
	feed     *Feed
	schedule Schedule
	at       position
	guess    float64 // the loss of a network that guesses
	result   Result

	saved     time.Time // when the checkpoint was
	savedStep int       // and of which step; -1 before the first
}

func (r *run) all(ctx context.Context) (err error) {
	if err := r.begin(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.learner.Close()) }()
	for r.at.Epoch < r.job.Recipe.Epochs {
		if err := r.epoch(ctx); err != nil {
			return err
		}
	}
	r.result.Broken = r.at.Broken
	r.result.Epochs, err = r.dir.epochs()
	return err
}

// begin makes what training needs, from the checkpoint where there is one.
func (r *run) begin() error {
	j := r.job
	var err error
	if r.network, err = j.Recipe.network(j.Train.Classes()); err != nil {
		return err
	}
	if r.feed, err = NewFeed(j.Train, j.feedOptions()); err != nil {
		return err
	}
	r.schedule = j.Recipe.schedule(r.feed.Steps())
	if err := r.schedule.Check(); err != nil {
		return err
	}
	r.guess = math.Log(float64(len(j.Train.Classes())))
	start := Start{Seed: j.Recipe.Seed, Weights: j.Init}
	r.savedStep, r.saved = -1, time.Now()
	state, at, err := r.dir.checkpoint()
	switch {
	case err != nil:
		return err
	case state != nil:
		start, r.at, r.savedStep = Start{State: state}, at, state.Steps
	}
	if err := r.dir.cutBack(r.at); err != nil {
		return err
	}
	learning := j.Recipe.learning()
	learning.Devices = j.Devices
	if r.learner, err = NewLearner(r.backend, r.network, learning, start); err != nil {
		return err
	}
	if drawn := r.learner.Drawn(); len(drawn) > 0 && j.Note != nil {
		j.Note(fmt.Sprintf("%s is of a network for other classes: %s begin anew", j.Recipe.Init, strings.Join(drawn, ", ")))
	}
	r.result = Result{Best: r.at.Best, Classes: len(j.Train.Classes()), Pictures: j.Train.Len(),
		Last: r.dir.path(lastFile), BestFile: r.dir.path(bestFile)}
	r.result.Parameters, err = learned(r.network)
	return err
}

// epoch trains for what is left of an epoch, and tests the network after it.
func (r *run) epoch(ctx context.Context) error {
	clock, steps, before := time.Now(), r.feed.Steps(), r.at.Sum.Pictures
	for batch, err := range r.feed.Epoch(ctx, r.at.Epoch, r.at.Batch) {
		if err != nil {
			return r.leave(ctx, err)
		}
		if err := r.step(ctx, batch, steps); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.leave(ctx, ctx.Err())
		}
	}
	if ctx.Err() != nil {
		return r.leave(ctx, ctx.Err())
	}
	trained := time.Since(clock)
	row, err := r.validate(ctx)
	if err != nil {
		return r.leave(ctx, err)
	}
	if err := r.dir.addEpoch(row, times{trained, time.Since(clock) - trained, r.at.Sum.Pictures - before}); err != nil {
		return err
	}
	r.at = position{Epoch: r.at.Epoch + 1, Best: r.at.Best, Loss: r.at.Loss, Broken: r.at.Broken}
	r.result.Best = r.at.Best
	if err := r.save(); err != nil {
		return err
	}
	if r.job.Tell != nil {
		r.job.Tell(Status{Phase: Validated, Epoch: row.Epoch, Epochs: r.job.Recipe.Epochs, Step: steps, Steps: steps,
			Left: (r.job.Recipe.Epochs - row.Epoch) * r.job.Train.Len(), Loss: row.TrainLoss, Top1: row.TrainTop1, Rate: row.Rate, Result: row})
	}
	return nil
}

// leave saves the checkpoint before Run returns the error, where it is that of ctx.
func (r *run) leave(ctx context.Context, why error) error {
	if ctx.Err() == nil {
		return why
	}
	return errors.Join(ctx.Err(), r.save())
}

// step takes a step, and notes what it saw.
func (r *run) step(ctx context.Context, batch Batch, steps int) error {
	number := r.learner.Steps()
	rate := r.schedule.Rate(number)
	p, err := r.learner.Step(context.WithoutCancel(ctx), batch, rate, dropoutSeed(r.job.Recipe.Seed, number))
	if err != nil {
		return err
	}
	r.at.add(p, batch.N)
	r.at.meet(r.feed.Broken())
	if loss := float64(p.Loss); !finite(loss) || r.at.Loss > maxLoss*r.guess {
		return r.diverged(loss, rate)
	}
	if r.job.Tell != nil {
		epochs := r.job.Recipe.Epochs
		r.job.Tell(Status{Phase: Training, Epoch: r.at.Epoch + 1, Epochs: epochs, Step: r.at.Batch, Steps: steps, Pictures: batch.N,
			Left: (epochs-r.at.Epoch)*r.job.Train.Len() - r.at.Sum.Pictures, Loss: r.at.Sum.loss(), Top1: r.at.Sum.top1(), Rate: rate})
	}
	if r.at.Batch%part(steps) == 0 || r.at.Batch == steps {
		err := r.dir.addPart(Part{r.at.Epoch + 1, r.learner.Steps(), rate, r.at.Part.loss(), r.at.Part.top1()})
		if err != nil {
			return err
		}
		r.at.Part = sums{}
	}
	if s := r.job.SaveSteps; s > 0 && r.learner.Steps()%s == 0 || r.job.SaveEvery > 0 && time.Since(r.saved) > r.job.SaveEvery {
		return r.save()
	}
	return nil
}

// part is the number of steps that a line of the metrics is about: an epoch has at most fifty lines.
func part(steps int) int { return max(1, (steps+49)/50) }

// maxLoss is how many times the loss of guessing a training may have. Networks that begin with a rate that is a little too
// high come back from twice; none does from this.
const maxLoss = 8

func (r *run) diverged(loss, rate float64) error {
	d := &Diverged{Epoch: r.at.Epoch + 1, Step: r.learner.Steps(), Loss: loss, Rate: rate}
	if r.savedStep >= 0 {
		d.Saved, d.SavedStep = r.dir.path(checkpointFile), r.savedStep
	}
	return d
}

// save writes the checkpoint, unless what it would hold is of no use.
func (r *run) save() error {
	state, err := r.learner.State()
	if err != nil {
		return err
	}
	if !state.finite() {
		return r.diverged(math.NaN(), r.schedule.Rate(max(0, r.learner.Steps()-1)))
	}
	if err := r.dir.save(state, r.at); err != nil {
		return err
	}
	r.saved, r.savedStep = time.Now(), state.Steps
	return nil
}

// dropoutSeed is another number at each step: a step of splitmix64 of the recipe's seed (Steele, Lea and Flood, OOPSLA 2014).
func dropoutSeed(seed uint64, step int) uint64 {
	z := seed + (uint64(step)+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

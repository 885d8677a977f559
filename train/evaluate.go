package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/style"
)

// Accuracy is how a network does on labelled pictures.
type Accuracy struct {
	Pictures   int
	Loss       float64 // mean cross entropy
	Top1, Top5 int     // pictures whose class is the first answer, among the first five

	Broken []style.BrokenPicture // which could not be shown, and are not among the Pictures
}

// Test shows the pictures of a source to a network whose classes are the source's, several at once, resized and cut out
// as its Preprocess says. told is called with the number of pictures that are done; it may be nil.
func Test(ctx context.Context, m *nets.Model, s Source, batch, workers int, told func(done int)) (a Accuracy, err error) {
	if m.Classes != len(s.Classes()) {
		return a, fmt.Errorf("train: a network of %d classes, pictures of %d", m.Classes, len(s.Classes()))
	}
	side := m.Preprocess.Crop
	var values []float32
	var classes []int
	done := 0
	flush := func() error {
		if len(classes) > 0 {
			logits, err := m.Logits(values, len(classes))
			if err != nil {
				return err
			}
			for i, class := range classes {
				a.add(logits[i*m.Classes:][:m.Classes], class)
			}
			values, classes = values[:0], classes[:0]
		}
		if told != nil {
			told(done)
		}
		return nil
	}
	prepare := func(i int) (tensor []float32, err error) {
		picture, err := s.Picture(i)
		if err != nil {
			return nil, err
		}
		tensor = make([]float32, side*side*3)
		return tensor, m.Preprocess.Tensor(picture, tensor)
	}
	for tensor, err := range dataset.Map(ctx, s.Len(), workers, prepare) {
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		if err != nil {
			a.Broken = append(a.Broken, style.BrokenPicture{Picture: s.Key(done), Reason: err.Error()})
		} else {
			values, classes = append(values, tensor...), append(classes, s.Class(done))
		}
		if done++; len(classes) == batch || done == s.Len() {
			if err := flush(); err != nil {
				return a, err
			}
		}
	}
	if a.Pictures == 0 {
		return a, fmt.Errorf("train: none of %d validation pictures can be shown: %s: %s", s.Len(), a.Broken[0].Picture, a.Broken[0].Reason)
	}
	a.Loss /= float64(a.Pictures)
	return a, nil
}

// add counts the answer to a picture. Of equal logits the one of the earlier class comes first.
func (a *Accuracy) add(logits []float32, class int) {
	rank, largest := 0, math.Inf(-1)
	for c, v := range logits {
		largest = max(largest, float64(v))
		if v > logits[class] || v == logits[class] && c < class {
			rank++
		}
	}
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v) - largest)
	}
	a.Pictures++
	a.Loss += math.Log(sum) + largest - float64(logits[class])
	if rank < 1 {
		a.Top1++
	}
	if rank < 5 {
		a.Top5++
	}
}

// validate writes the weights of the epoch that has ended and tests them, as they lie on the disk.
func (r *run) validate(ctx context.Context) (row Epoch, err error) {
	state, err := r.learner.State()
	if err != nil {
		return row, err
	}
	rate := r.schedule.Rate(state.Steps - 1)
	if !state.finite() {
		return row, r.diverged(math.NaN(), rate)
	}
	metadata := map[string]string{"epoch": fmt.Sprint(r.at.Epoch + 1)}
	if err := r.dir.writeWeights(lastFile, state, r.network, metadata); err != nil {
		return row, err
	}
	a, err := r.test(ctx, r.backend)
	if err != nil {
		return row, err
	}
	row = Epoch{Epoch: r.at.Epoch + 1, Step: state.Steps, Rate: rate, TrainLoss: r.at.Sum.loss(), TrainTop1: r.at.Sum.top1(), ValidationLoss: a.Loss,
		ValidationTop1: float64(a.Top1) / float64(a.Pictures), ValidationTop5: float64(a.Top5) / float64(a.Pictures), Validated: a.Pictures}
	r.at.meet(a.Broken)
	if !finite(a.Loss) {
		return row, r.diverged(a.Loss, rate)
	}
	if row.better(r.at.Best) {
		r.at.Best = row
		err = r.dir.writeWeights(bestFile, state, r.network, metadata)
	}
	return row, err
}

func (r *run) test(ctx context.Context, b compute.Backend) (a Accuracy, err error) {
	m, err := nets.Load(b, r.job.Recipe.Network, r.dir.path(lastFile))
	if err != nil {
		return a, err
	}
	told := func(done int) {
		if r.job.Tell != nil {
			r.job.Tell(Status{Phase: Validating, Epoch: r.at.Epoch + 1, Epochs: r.job.Recipe.Epochs, Step: done, Steps: r.job.Validation.Len(),
				Left: (r.job.Recipe.Epochs - r.at.Epoch - 1) * r.job.Train.Len(), Loss: r.at.Sum.loss(), Top1: r.at.Sum.top1()})
		}
	}
	a, err = Test(ctx, m, r.job.Validation, r.job.Recipe.Batch, r.job.Workers, told)
	return a, errors.Join(err, m.Close())
}

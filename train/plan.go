package train

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
)

// Open opens the pictures of a recipe without variables. close lets go of them.
func (r Recipe) Open() (training, validation Source, close func() error, err error) {
	var sets []*dataset.Set
	close = func() (err error) {
		for _, s := range sets {
			err = errors.Join(err, s.Close())
		}
		return err
	}
	open := func(recipes []SourceRecipe, classes []string) (Source, error) {
		var parts []Source
		for _, s := range recipes {
			part, err := s.open(r.Size, classes, &sets)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		if len(parts) == 1 {
			return parts[0], nil
		}
		return Mixture(parts...)
	}
	if training, err = open(r.Train, nil); err == nil {
		validation, err = open(r.Validation, training.Classes())
	}
	if err != nil {
		return nil, nil, nil, errors.Join(err, close())
	}
	return training, validation, close, nil
}

// open opens one set, whose classes are given or, where they are nil, those that it has.
func (s SourceRecipe) open(size int, classes []string, sets *[]*dataset.Set) (Source, error) {
	if s.Synth != nil {
		set, err := s.Synth.set(size)
		if err != nil {
			return nil, err
		}
		return SynthSource(set), nil
	}
	set, err := dataset.Open(s.Folder)
	if err != nil {
		return nil, err
	}
	*sets = append(*sets, set)
	return FolderSource(set, classes)
}

// sameClasses makes sure that the network is tested on what it learns.
func sameClasses(training, validation Source) error {
	learned, tested := training.Classes(), validation.Classes()
	if slices.Equal(learned, tested) {
		return nil
	}
	return fmt.Errorf("train: training and validation pictures have other classes: %s only in training, %s only in validation",
		orNone(without(learned, tested)), orNone(without(tested, learned)))
}

// network is the architecture for classes of these names, with the recipe's preprocessing.
func (r Recipe) network(classes []string) (nets.Architecture, error) {
	a, err := nets.Lookup(r.Network)
	if err != nil {
		return a, err
	}
	a = a.WithClassNames(classes)
	a.Preprocess.Crop, a.Preprocess.Resize = r.Size, r.Resized()
	a.Preprocess.Mean, a.Preprocess.Std = float32s3(r.Normalise.Mean), float32s3(r.Normalise.Std)
	return a, nil
}

// transform is what is done to training pictures.
func (r Recipe) transform() augment.Transform {
	a := r.Augment
	return augment.Transform{Crop: a.Crop, Area: augment.ResizedCrop{Scale: a.CropArea, Ratio: a.CropRatio}, Padding: a.Padding, Short: r.Resized(), Flip: a.Flip,
		Jitter: augment.Jitter{Brightness: a.Brightness, Contrast: a.Contrast, Saturation: a.Saturation, Hue: a.Hue}}
}

// inMemory is how many bytes of decoded pictures are kept for the next epoch: small sets are decoded once.
const inMemory = 512 << 20

// feedOptions: one picture in a hundred may be broken, more of them are a mistake.
func (j Job) feedOptions() FeedOptions {
	r := j.Recipe
	return FeedOptions{Size: r.Size, Batch: r.Batch, Seed: r.Seed, Transform: r.transform(), Painting: j.Painting,
		MaxBroken: max(1, j.Train.Len()/100), Cache: inMemory, Workers: j.Workers}
}

func float32s3(v [3]float64) [3]float32 {
	return [3]float32{float32(v[0]), float32(v[1]), float32(v[2])}
}

func (r Recipe) learning() Learning {
	o := r.Optimiser
	return Learning{Optimiser: o.Name, Momentum: o.Momentum, Nesterov: o.Nesterov, WeightDecay: o.WeightDecay,
		LabelSmoothing: r.LabelSmoothing, Mean: float32s3(r.Normalise.Mean), Std: float32s3(r.Normalise.Std)}
}

// schedule counts in steps what the recipe counts in epochs.
func (r Recipe) schedule(steps int) Schedule {
	inSteps := func(epochs float64) int { return int(math.Round(epochs * float64(steps))) }
	s := Schedule{Kind: r.Schedule.Name, Base: r.Schedule.Rate, Steps: r.Epochs * steps, WarmUp: inSteps(r.Schedule.Warmup)}
	if s.WarmUp > 0 {
		s.WarmUpFactor = 1 / float64(s.WarmUp+1) // the first step has a rate too
	}
	if s.Kind == StepWise {
		s.Every, s.Gamma = max(1, inSteps(r.Schedule.Every)), r.Schedule.Factor
	}
	return s
}

// learned counts the numbers of a network that training changes: all but running statistics.
func learned(a nets.Architecture) (n int, err error) {
	params, err := a.Parameters()
	for _, p := range params {
		if p.Learned {
			n += p.Len()
		}
	}
	return n, err
}

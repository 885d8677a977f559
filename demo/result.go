package demo

import (
	"github.com/gestalt-vision/gestalt/measure"
	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/synth"
	"github.com/gestalt-vision/gestalt/train"
)

// Result is what came out.
type Result struct {
	Rows     []Row            // in the order of the paper's table
	Analysis measure.Analysis // of the trials on cue conflicts, the observers named as the rows
	Trials   []measure.Trial

	Samples   []Sample   // of IN, SIN and cue conflict
	Conflicts []Conflict // some cue conflicts and what the networks answer
	Spent     []Spent
	Training  int // pictures in a training set
	Test      int // pictures in each test set
}

// Row is a network: how it was trained and what it does.
type Row struct {
	Name       string // IN, SIN, SIN+IN or Shape-ResNet
	Training   string
	FineTuning string // "" for none

	// Top1 and Top5 are on test pictures like those that it was trained on last: IN, SIN, or both.
	Top1, Top5 measure.Proportion
	Sets       []Accuracy       // on all test sets, in one order for all rows
	Bias       measure.Observer // on cue conflicts

	Epochs  []train.Epoch
	Parts   []train.Part
	Recipe  train.Recipe
	Weights string // file
	Shown   int    // pictures in training

	answers answers // to cue conflicts
}

// Accuracy is top-1 accuracy on a test set. For cue conflicts the class of the shape counts as right.
type Accuracy struct {
	Set  string
	Top1 measure.Proportion
}

// Sample are pictures of one set. They are drawn larger than the networks see them; apart from that they are the first ones
// of the test set.
type Sample struct {
	Set      string
	Pictures []*pixel.Image
	Classes  []string // of the shapes
}

// Conflict is a cue conflict and the answers to it.
type Conflict struct {
	Picture        *pixel.Image
	Name           string
	Shape, Texture string
	Answers        []string // of the rows
}

// Spent is wall-clock time. That of trainings that run at once overlaps.
type Spent struct {
	On      string
	Seconds float64
}

// samplesEach is how many pictures of a set are shown; sampleSize is their side in pixels.
const (
	samplesEach = synth.NumClasses
	sampleSize  = 112
)

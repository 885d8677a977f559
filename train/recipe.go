package train

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gestalt-vision/gestalt/augment"
	"github.com/gestalt-vision/gestalt/nets"
	"github.com/gestalt-vision/gestalt/synth"
)

// Recipe is all that the result of a training depends on besides the pictures themselves and the engine. It is read from
// a small YAML file; what the file leaves out has the value of [DefaultRecipe].
type Recipe struct {
	About   string `yaml:"about"`   // a sentence for a reader
	Network string `yaml:"network"` // a name that nets.Lookup knows
	Init    string `yaml:"init"`    // weights to start from: a name of published weights or a file; "" for random ones
	Seed    uint64 `yaml:"seed"`    // of the first weights, the order of the pictures, augmentation, dropout

	Size   int `yaml:"size"`   // side in pixels of what the network is shown
	Resize int `yaml:"resize"` // for validation: shorter side before the middle is cut out; 0 is Size·8/7, as 256 for 224

	Epochs int `yaml:"epochs"`
	Batch  int `yaml:"batch"`

	Train      []SourceRecipe `yaml:"train"`      // several are mixed: an epoch shows each picture of each once
	Validation []SourceRecipe `yaml:"validation"` // with pictures of every class

	Augment        AugmentRecipe   `yaml:"augment"`
	Optimiser      OptimiserRecipe `yaml:"optimiser"`
	LabelSmoothing float64         `yaml:"label_smoothing"`
	Schedule       ScheduleRecipe  `yaml:"schedule"`
	Normalise      NormaliseRecipe `yaml:"normalise"`
}

// SourceRecipe says where pictures come from: one of the two.
type SourceRecipe struct {
	Folder string       `yaml:"folder,omitempty"` // what dataset.Open takes, of class folders; $name in it is given later
	Synth  *SynthRecipe `yaml:"synth,omitempty"`
}

// SynthRecipe is a set that package synth draws, in the recipe's size.
type SynthRecipe struct {
	Kind  string `yaml:"kind"`
	Split string `yaml:"split"`
	Count int    `yaml:"count"`
	Seed  uint64 `yaml:"seed"`
}

// AugmentRecipe says how training pictures are changed, as torchvision's transforms of these names do.
type AugmentRecipe struct {
	Crop       string      `yaml:"crop"`            // resized (RandomResizedCrop), padded (RandomCrop with a border), centre (as for validation)
	CropArea   [2]float64  `yaml:"crop_area,flow"`  // of resized: least and largest share of the area
	CropRatio  [2]float64  `yaml:"crop_ratio,flow"` // of resized: least and largest width / height
	Padding    int         `yaml:"padding"`         // of padded: the border in pixels
	Flip       float64     `yaml:"flip"`            // probability of RandomHorizontalFlip
	Brightness float64     `yaml:"brightness"`      // ColorJitter's
	Contrast   float64     `yaml:"contrast"`
	Saturation float64     `yaml:"saturation"`
	Hue        float64     `yaml:"hue"`
	Style      StyleRecipe `yaml:"style"`
}

// StyleRecipe is style augmentation: a share of the pictures is repainted, in another style each time.
type StyleRecipe struct {
	Rate   float64 `yaml:"rate"`   // share of the pictures, 0 for none
	Method string  `yaml:"method"` // of gestalt stylize
	Styles string  `yaml:"styles"` // pictures whose styles are used, as a folder of pictures is given; "" for drawn styles
	Size   int     `yaml:"size"`   // side that pictures are enlarged to before and reduced from after; 0 for as they are
}

// OptimiserRecipe is how gradients become steps.
type OptimiserRecipe struct {
	Name        string  `yaml:"name"` // sgd or adamw
	Momentum    float64 `yaml:"momentum"`
	Nesterov    bool    `yaml:"nesterov"`
	WeightDecay float64 `yaml:"weight_decay"`
}

// ScheduleRecipe is the learning rate as a function of the step.
type ScheduleRecipe struct {
	Name   string  `yaml:"name"`   // constant, step or cosine
	Rate   float64 `yaml:"rate"`   // at its highest
	Warmup float64 `yaml:"warmup"` // epochs in which it rises to that, linearly
	Every  float64 `yaml:"every"`  // step: epochs after which it is multiplied by Factor, again and again
	Factor float64 `yaml:"factor"`
}

// NormaliseRecipe is subtracted from and divides channels on the scale 0..1.
type NormaliseRecipe struct {
	Mean [3]float64 `yaml:"mean,flow"`
	Std  [3]float64 `yaml:"std,flow"`
}

// DefaultRecipe is the recipe of PyTorch's ImageNet example: ResNet-50 for 90 epochs. Where the pictures lie is missing.
func DefaultRecipe() Recipe {
	return Recipe{
		Network: "resnet50", Seed: 1, Size: 224, Epochs: 90, Batch: 256,
		Augment: AugmentRecipe{
			Crop: augment.Resized, CropArea: augment.ImageNetCrop.Scale, CropRatio: augment.ImageNetCrop.Ratio, Flip: 0.5,
			Style: StyleRecipe{Method: "randconv"},
		},
		Optimiser: OptimiserRecipe{Name: "sgd", Momentum: 0.9, WeightDecay: 1e-4},
		Schedule:  ScheduleRecipe{Name: "step", Rate: 0.1, Every: 30, Factor: 0.1},
		Normalise: NormaliseRecipe{Mean: [3]float64{0.485, 0.456, 0.406}, Std: [3]float64{0.229, 0.224, 0.225}},
	}
}

// maxRecipe bounds the size of a recipe's file in bytes; real ones have a few hundred.
const maxRecipe = 64 << 10

// ReadRecipe reads a recipe from YAML. An error names the line; a key that no recipe has is refused with the one that was
// perhaps meant. The values are checked by [Recipe.Check], once all are known.
func ReadRecipe(data []byte) (Recipe, error) {
	r := DefaultRecipe()
	if len(data) > maxRecipe {
		return r, fmt.Errorf("a recipe of %d bytes: at most %d are read", len(data), maxRecipe)
	}
	var document yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(data)).Decode(&document); err != nil {
		return r, plainYAML(err)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return r, fmt.Errorf("a recipe is a list of keys with values, such as \"epochs: 90\"")
	}
	if err := checkKeys(document.Content[0], recipeType, ""); err != nil {
		return r, err
	}
	if err := document.Decode(&r); err != nil {
		return r, plainYAML(err)
	}
	return r, nil
}

// OpenRecipe reads the file of a recipe.
func OpenRecipe(path string) (Recipe, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Recipe{}, err
	}
	r, err := ReadRecipe(data)
	if err != nil {
		return r, fmt.Errorf("recipe %s: %w", path, err)
	}
	return r, nil
}

// YAML is the recipe with every value, as [ReadRecipe] reads it.
func (r Recipe) YAML() ([]byte, error) {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	return b.Bytes(), enc.Close()
}

// Resized is the shorter side of validation pictures before the middle is cut out.
func (r Recipe) Resized() int {
	if r.Resize == 0 {
		return r.Size * 8 / 7
	}
	return r.Resize
}

// Check says which value cannot be, and what it may be.
func (r Recipe) Check() error {
	if _, err := nets.Lookup(r.Network); err != nil {
		return fmt.Errorf("network: %w", err)
	}
	for _, v := range []struct {
		key       string
		value     float64
		low, high float64
	}{
		{"size", float64(r.Size), 16, 1024},
		{"resize", float64(r.Resized()), float64(r.Size), 4096},
		{"epochs", float64(r.Epochs), 1, 100_000},
		{"batch", float64(r.Batch), 2, 65_536}, // the statistics of batch normalisation need two
		{"augment.style.rate", r.Augment.Style.Rate, 0, 1},
		{"optimiser.momentum", r.Optimiser.Momentum, 0, 0.9999},
		{"optimiser.weight_decay", r.Optimiser.WeightDecay, 0, 1},
		{"label_smoothing", r.LabelSmoothing, 0, 0.99},
		{"schedule.rate", r.Schedule.Rate, 1e-12, 1e3},
		{"schedule.warmup", r.Schedule.Warmup, 0, float64(r.Epochs)},
		{"schedule.every", r.Schedule.Every, 1e-3, 1e6},
		{"schedule.factor", r.Schedule.Factor, 1e-6, 1},
	} {
		if !(v.value >= v.low && v.value <= v.high) { // also of no number at all
			return fmt.Errorf("%s: %g must be between %g and %g", v.key, v.value, v.low, v.high)
		}
	}
	for c, std := range r.Normalise.Std {
		if !(std > 0 && std < 1e6) || !(math.Abs(r.Normalise.Mean[c]) < 1e6) {
			return fmt.Errorf("normalise: mean %g and std %g of a channel: give std above 0", r.Normalise.Mean[c], std)
		}
	}
	for _, v := range []struct {
		key, value string
		all        []string
	}{
		{"augment.crop", r.Augment.Crop, []string{augment.Resized, augment.Padded, augment.Centre}},
		{"optimiser.name", r.Optimiser.Name, Optimisers()},
		{"schedule.name", r.Schedule.Name, Schedules()},
	} {
		if !slices.Contains(v.all, v.value) {
			return fmt.Errorf("%s: there is no %q%s (there are %s)", v.key, v.value, didYouMean(v.value, v.all), strings.Join(v.all, ", "))
		}
	}
	if err := r.transform().Check(r.Size); err != nil {
		return fmt.Errorf("augment: %w", err)
	}
	if s := r.Augment.Style; s.Rate > 0 && (s.Method == "" || s.Size != 0 && s.Size < r.Size) {
		return fmt.Errorf("augment.style: a method and a size of 0, or at least that of the pictures, are needed")
	}
	if len(r.Train) == 0 || len(r.Validation) == 0 {
		return fmt.Errorf("train and validation: say where the pictures are")
	}
	for _, s := range slices.Concat(r.Train, r.Validation) {
		if err := s.check(r.Size); err != nil {
			return err
		}
	}
	return nil
}

func (s SourceRecipe) check(size int) error {
	if (s.Folder == "") == (s.Synth == nil) {
		return fmt.Errorf("train and validation: each set of pictures has either a folder or synth")
	}
	if s.Synth == nil {
		return nil
	}
	_, err := s.Synth.set(size)
	return err
}

// set is the set that is drawn.
func (s SynthRecipe) set(size int) (*synth.Set, error) {
	return synth.New(synth.Options{Seed: s.Seed, Split: s.Split, Kind: synth.Kind(s.Kind), Size: size, Len: s.Count})
}

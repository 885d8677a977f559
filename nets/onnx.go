package nets

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/onnx"
	"github.com/gestalt-vision/gestalt/pixel"
)

// ONNXOptions say what an ONNX file leaves open. What is zero here is taken from the file's metadata, else guessed.
//
// The metadata (metadata_props) are looked up under "gestalt." and the name, then under the name alone:
//
//	mean, std       three numbers for red, green, blue on the scale 0..1, such as "0.485, 0.456, 0.406"
//	resize          the shorter side in pixels after resizing, before the crop
//	crop_pct        the crop as a part of resize, where that is not given (timm's name)
//	crop            both sides of the crop in pixels, where the network's input leaves them open
//	interpolation   bilinear or bicubic
//	layout          NCHW or NHWC, where the dimensions of the network's input don't tell
//	classes         names of the classes where they are not the 1,000 of ImageNet, a JSON list of strings
type ONNXOptions struct {
	Mean, Std    []float32 // three each
	Resize, Crop int
	Filter       string
	Layout       string
}

// Given says whether any option is.
func (o ONNXOptions) Given() bool {
	return o.Mean != nil || o.Std != nil || o.Resize != 0 || o.Crop != 0 || o.Filter != "" || o.Layout != ""
}

// LoadONNX reads a classifier from an ONNX file onto an engine. Its first input takes pictures and its first output gives
// logits or, after a softmax, probabilities; [Model.Logits] gives the logits in both cases. Of 1001 classes, as TensorFlow's
// networks have them, the first, the background, is left away.
//
// guesses say in words what neither the file nor the options told and what was taken instead. The file may be written for a
// fixed number of pictures; where its shapes allow no other, that many are computed at once.
func LoadONNX(b compute.Backend, path string, o ONNXOptions) (m *Model, guesses []string, err error) {
	f, err := onnx.Open(path)
	if err != nil {
		return nil, nil, err
	}
	p, nchw, guesses, err := o.preprocess(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	program := newProgram(b, name, func(s Scope, inputs []*graph.Node) []*graph.Node {
		return []*graph.Node{s.onnx(f, inputs[0], nchw)}
	})
	m = &Model{Name: name, Preprocess: p, WeightsSHA256: f.SHA256, program: program}
	n, fixed := 1, f.Input.Dims[0]
	if fixed > 0 {
		n = fixed + 2 // a number that the file does not have in it
	}
	net, outputs, err := program.trace([][]int{{n, p.Crop, p.Crop, 3}})
	if err != nil && fixed > 0 {
		m.batch = fixed
		net, outputs, err = program.trace([][]int{{fixed, p.Crop, p.Crop, 3}})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	m.Classes = outputs[0].Shape().Dim(1)
	if m.ClassNames, err = onnxClasses(f); err == nil && m.ClassNames != nil && len(m.ClassNames) != m.Classes {
		err = fmt.Errorf("declares %d classes, but tells %d apart", len(m.ClassNames), m.Classes)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s %w", path, err)
	}
	if err := program.hold(net, nil); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, errors.Join(err, m.Close()))
	}
	return m, guesses, nil
}

// onnxMeta is an entry of a file's metadata, "" where there is none.
func onnxMeta(f *onnx.File, key string) string {
	if v := f.Metadata["gestalt."+key]; v != "" {
		return v
	}
	return f.Metadata[key]
}

// onnxClasses are the names of the classes that a file declares, nil where it declares none.
func onnxClasses(f *onnx.File) ([]string, error) {
	text := onnxMeta(f, keyClasses)
	if text == "" {
		return nil, nil
	}
	names, err := declaredClasses(text)
	if err != nil {
		return nil, fmt.Errorf("declares its classes, but %w", err)
	}
	return names, nil
}

// onnx adds the network of a file, with its weights, and checks that it is a classifier's. It gives the logits.
func (s Scope) onnx(f *onnx.File, x *graph.Node, nchw bool) *graph.Node {
	built, err := f.Build(x, nchw)
	if err != nil {
		panic(err)
	}
	n, dims := x.Shape().Dim(0), built.Output.Shape().Dimensions
	classes := 1
	long := 0
	for i, d := range dims {
		if i > 0 {
			classes *= d
		}
		if i > 0 && d != 1 {
			long++
		}
	}
	if len(dims) < 2 || dims[0] != n || long != 1 || built.Output.DType() != dtypes.Float32 && built.Output.DType() != dtypes.Float64 {
		panic(fmt.Errorf("for %d pictures the output %s is %s, where a classifier has [pictures, classes]",
			n, f.Outputs[0].Name, built.Output.Shape()))
	}
	logits := graph.ConvertDType(graph.Reshape(built.Output, n, classes), dtypes.Float32)
	if classes == 1001 {
		logits = graph.Slice(logits, graph.AxisRange(), graph.AxisRangeToEnd(1))
	}
	for _, in := range built.Inputs {
		s.net.Inputs = append(s.net.Inputs, Input{Name: in.Name, Node: in.Node, value: func(source) []float32 { return in.Values() }})
	}
	return logits
}

// preprocess puts options, metadata and guesses together.
func (o ONNXOptions) preprocess(f *onnx.File) (p Preprocess, nchw bool, guesses []string, err error) {
	meta := func(key string) string { return onnxMeta(f, key) }
	guess := func(format string, args ...any) { guesses = append(guesses, fmt.Sprintf(format, args...)) }
	tensorFlow := strings.HasPrefix(f.Producer, "tf2onnx") || strings.Contains(strings.ToLower(f.Producer), "keras")

	dims := f.Input.Dims
	layout := strings.ToUpper(firstOf(o.Layout, meta("layout")))
	switch {
	case layout == "NCHW" || layout == "NHWC":
		nchw = layout == "NCHW"
	case layout != "":
		return p, false, nil, fmt.Errorf("a layout is NCHW or NHWC, not %q", layout)
	case dims[1] == 3 && dims[3] != 3:
		nchw = true
	case dims[3] == 3 && dims[1] != 3:
	default:
		nchw = !tensorFlow
		guess("the input's axes are %s (--input-layout)", map[bool]string{true: "NCHW", false: "NHWC"}[nchw])
	}
	channels, sides := dims[3], dims[1:3]
	if nchw {
		channels, sides = dims[1], dims[2:]
	}
	if channels != 3 && channels != -1 {
		return p, false, nil, fmt.Errorf("the input %s has the dimensions %v, and so %d channels, where pictures have 3", f.Input.Name, dims, channels)
	}

	side := max(sides[0], sides[1])
	if sides[0] != sides[1] && sides[0] > 0 && sides[1] > 0 {
		return p, false, nil, fmt.Errorf("the input %s has the dimensions %v; pictures that are not square are not shown", f.Input.Name, dims)
	}
	p.Crop, err = number(o.Crop, meta("crop"))
	switch {
	case err != nil:
		return p, false, nil, fmt.Errorf("crop: %w", err)
	case side > 0 && p.Crop > 0 && p.Crop != side:
		return p, false, nil, fmt.Errorf("the network takes pictures of %d x %[1]d pixels, so the crop can't be %d", side, p.Crop)
	case side > 0:
		p.Crop = side
	case p.Crop == 0:
		p.Crop = imageNet.Crop
		guess("pictures are %d pixels wide and high (--crop)", p.Crop)
	}
	if p.Crop > maxSide {
		return p, false, nil, fmt.Errorf("pictures of %d x %[1]d pixels are larger than the %d that gestalt shows", p.Crop, maxSide)
	}
	if p.Resize, err = number(o.Resize, meta("resize")); err != nil {
		return p, false, nil, fmt.Errorf("resize: %w", err)
	}
	if p.Resize == 0 {
		part, err := strconv.ParseFloat(firstOf(meta("crop_pct"), "0"), 64)
		if err != nil || !(part >= 0 && part <= 1) {
			return p, false, nil, fmt.Errorf("crop_pct is %q, not between 0 and 1", meta("crop_pct"))
		}
		if part == 0 {
			part = float64(imageNet.Crop) / float64(imageNet.Resize)
			p.Resize = int(math.Round(float64(p.Crop) / part))
			guess("the shorter side is resized to %d pixels (--resize)", p.Resize)
		} else {
			p.Resize = int(math.Floor(float64(p.Crop) / part))
		}
	}
	if p.Resize < p.Crop {
		return p, false, nil, fmt.Errorf("a picture resized to %d pixels has no crop of %d", p.Resize, p.Crop)
	}
	switch filter := firstOf(o.Filter, meta("interpolation")); filter {
	case "", "bilinear":
		p.Filter = pixel.Bilinear
	case "bicubic":
		p.Filter = pixel.Bicubic
	default:
		return p, false, nil, fmt.Errorf("interpolation is bilinear or bicubic, not %q", filter)
	}

	mean, err := triple(o.Mean, meta("mean"))
	if err != nil {
		return p, false, nil, fmt.Errorf("mean: %w", err)
	}
	std, err := triple(o.Std, meta("std"))
	if err != nil {
		return p, false, nil, fmt.Errorf("std: %w", err)
	}
	if mean == nil || std == nil {
		m, s := imageNet.Mean[:], imageNet.Std[:]
		if tensorFlow {
			m, s = []float32{0.5, 0.5, 0.5}, []float32{0.5, 0.5, 0.5}
		}
		if mean == nil {
			mean = m
		}
		if std == nil {
			std = s
		}
		guess("colours between 0 and 1 are normalised with mean %v and standard deviation %v (--mean, --std)", mean, std)
	}
	for _, v := range std {
		if !(v > 0) {
			return p, false, nil, fmt.Errorf("std is %v; standard deviations are above 0", std)
		}
	}
	copy(p.Mean[:], mean)
	copy(p.Std[:], std)
	return p, nchw, guesses, nil
}

// maxSide bounds the pictures that a file may ask for.
const maxSide = 4096

func firstOf(values ...string) string {
	i := slices.IndexFunc(values, func(v string) bool { return v != "" })
	if i < 0 {
		return ""
	}
	return values[i]
}

// number is an option or, where that is 0, one of the metadata; 0 if that is not there either.
func number(option int, text string) (int, error) {
	if option != 0 || text == "" {
		return option, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > maxSide {
		return 0, fmt.Errorf("%q is no number of pixels", text)
	}
	return n, nil
}

// triple is an option or, where that is nil, three numbers of the metadata; nil if they are not there either.
func triple(option []float32, text string) ([]float32, error) {
	if option == nil && text != "" {
		words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("[](), \t", r) })
		for _, word := range words {
			v, err := strconv.ParseFloat(word, 32)
			if err != nil {
				return nil, fmt.Errorf("%q is not three numbers", text)
			}
			option = append(option, float32(v))
		}
	}
	if option != nil && len(option) != 3 {
		return nil, fmt.Errorf("%d numbers where red, green and blue need three", len(option))
	}
	return option, nil
}

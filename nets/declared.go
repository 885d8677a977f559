package nets

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gestalt-vision/gestalt/weights"
)

// paddedSame ends the names of networks that pad as TensorFlow does and are otherwise those of the name before it.
const paddedSame = "_tf"

// Twin is the network that has the same parameters as the named one and pads otherwise, so that only what a file declares
// tells whose weights it holds; "" where there is none.
func Twin(name string) string {
	twin, same := strings.CutSuffix(name, paddedSame)
	if !same {
		twin += paddedSame
	}
	if _, err := Lookup(twin); err != nil {
		return ""
	}
	return twin
}

// declared is the network that a file of weights says it belongs to, which outweighs the name that somebody gave: with
// another padding or normalisation the weights would still fit, and silently see worse. The metadata of the file may hold
//
//	padding    "as torchvision", or "SAME" and whatever follows
//	mean, std  three numbers with commas between, of red, green and blue on the scale 0..1
//
// What a file does not declare is as the name says.
func (a Architecture) declared(f *weights.File) (Architecture, error) {
	metadata := f.Metadata()
	if padding, ok := metadata["padding"]; ok {
		name := strings.TrimSuffix(a.Name, paddedSame)
		switch {
		case strings.HasPrefix(padding, "SAME"):
			name += paddedSame
		case padding != "as torchvision":
			name = ""
		}
		named, err := Lookup(name)
		if err != nil {
			return a, fmt.Errorf("%s declares the padding %q, with which there is no %s here", f.Path(), padding, a.Name)
		}
		a = named
	}
	for key, dst := range map[string]*[3]float32{"mean": &a.Preprocess.Mean, "std": &a.Preprocess.Std} {
		if text, ok := metadata[key]; ok {
			values, err := threeNumbers(text)
			if err != nil || key == "std" && min(values[0], values[1], values[2]) <= 0 {
				return a, fmt.Errorf("%s declares the %s %q, which is not three numbers such as 0.485,0.456,0.406", f.Path(), key, text)
			}
			*dst = values
		}
	}
	return a, nil
}

func threeNumbers(text string) (values [3]float32, err error) {
	fields := strings.Split(text, ",")
	if len(fields) != len(values) {
		return values, fmt.Errorf("%d numbers", len(fields))
	}
	for i, field := range fields {
		v, err := strconv.ParseFloat(strings.TrimSpace(field), 32)
		if err != nil || v-v != 0 { // neither infinite nor no number
			return values, fmt.Errorf("%q is no number", field)
		}
		values[i] = float32(v)
	}
	return values, nil
}

package nets

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/gestalt-vision/gestalt/pixel"
)

// Keys of the metadata of a file of weights.
const (
	keyNetwork       = "network"
	keyClasses       = "classes"
	keyResize        = "resize"
	keyCrop          = "crop"
	keyInterpolation = "interpolation"
	keyMean          = "mean"
	keyStd           = "std"
	keyPadding       = "padding"
)

// Metadata is what a file with weights of this network has to say of them, so that [Load] and [Identify] understand it
// without being told more:
//
//	network        the network's name
//	classes        names of the classes in the order of the logits, a JSON list of strings such as ["bear","bird"];
//	               left out for the 1,000 of ImageNet and where they have no names
//	resize, crop   sides in pixels, as in Preprocess
//	interpolation  bilinear or bicubic
//	mean, std      three numbers with commas between, of red, green and blue on the scale 0..1
//
// Files need not have all of them, or any: what is not declared is as the network's definition has it. A file may also
// declare its padding, "as torchvision", or "SAME" and whatever follows, in place of the network of that padding.
func (a Architecture) Metadata() map[string]string {
	p := a.Preprocess
	m := map[string]string{
		keyNetwork: a.Name, keyResize: strconv.Itoa(p.Resize), keyCrop: strconv.Itoa(p.Crop),
		keyInterpolation: p.Filter.String(), keyMean: numbers(p.Mean), keyStd: numbers(p.Std),
	}
	if a.names != nil {
		classes, err := json.Marshal(a.names)
		if err != nil {
			panic(err) // strings can be marshalled
		}
		m[keyClasses] = string(classes)
	}
	return m
}

// numbers are float32 values with the fewest digits that tell them apart.
func numbers(values [3]float32) string {
	var list []string
	for _, v := range values {
		list = append(list, strconv.FormatFloat(float64(v), 'g', -1, 32))
	}
	return strings.Join(list, ",")
}

// threeNumbers reads what numbers writes.
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

// declaredClasses reads the names of classes.
func declaredClasses(text string) ([]string, error) {
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, errors.New(`they are no list of strings such as ["bear","bird"]`)
	}
	return names, CheckClassNames(names)
}

// CheckClassNames says whether classes can be called so: each has a name of its own, of one line.
func CheckClassNames(names []string) error {
	if len(names) == 0 {
		return errors.New("the list of classes is empty")
	}
	seen := map[string]bool{}
	for i, name := range names {
		switch {
		case strings.TrimSpace(name) == "" || strings.ContainsFunc(name, unicode.IsControl):
			return fmt.Errorf("class %d is called %.100q", i, name)
		case seen[name]:
			return fmt.Errorf("two classes are called %.100q", name)
		}
		seen[name] = true
	}
	return nil
}

// declare takes over what metadata say of the preprocessing.
func (p *Preprocess) declare(metadata map[string]string) error {
	for key, dst := range map[string]*[3]float32{keyMean: &p.Mean, keyStd: &p.Std} {
		if text, ok := metadata[key]; ok {
			values, err := threeNumbers(text)
			if err != nil || key == keyStd && slices.Min(values[:]) <= 0 {
				return fmt.Errorf("declares the %s %q, which is not three numbers such as 0.485,0.456,0.406", key, text)
			}
			*dst = values
		}
	}
	const largest = 4096
	for key, dst := range map[string]*int{keyResize: &p.Resize, keyCrop: &p.Crop} {
		if text, ok := metadata[key]; ok {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 || n > largest {
				return fmt.Errorf("declares the %s %q, which is not a number of pixels from 1 to %d", key, text, largest)
			}
			*dst = n
		}
	}
	if p.Resize < p.Crop {
		return fmt.Errorf("wants pictures cropped to %d pixels after they were resized to %d", p.Crop, p.Resize)
	}
	switch text, ok := metadata[keyInterpolation]; {
	case !ok:
	case text == pixel.Bilinear.String():
		p.Filter = pixel.Bilinear
	case text == pixel.Bicubic.String():
		p.Filter = pixel.Bicubic
	default:
		return fmt.Errorf("declares the interpolation %q, which is neither bilinear nor bicubic", text)
	}
	return nil
}

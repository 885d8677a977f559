package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/dataset"
	"github.com/gestalt-vision/gestalt/nets"
)

// onnxSuffix ends the name of an ONNX file.
const onnxSuffix = ".onnx"

// onnxFlags say how pictures are shown to the network of an ONNX file, where the file does not.
type onnxFlags struct {
	mean, std    []float32
	resize, crop int
	filter       string
	layout       string
}

const onnxFlagNames = "--mean, --std, --resize, --crop, --interpolation and --input-layout"

func (o *onnxFlags) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Float32SliceVar(&o.mean, "mean", nil, "ONNX file: mean of red, green, blue that is subtracted, on the scale 0..1")
	f.Float32SliceVar(&o.std, "std", nil, "ONNX file: standard deviation of red, green, blue that is divided by")
	f.IntVar(&o.resize, "resize", 0, "ONNX file: the shorter side in pixels after resizing")
	f.IntVar(&o.crop, "crop", 0, "ONNX file: side in pixels, where the network leaves it open")
	f.StringVar(&o.filter, "interpolation", "", "ONNX file: bilinear or bicubic resizing")
	f.StringVar(&o.layout, "input-layout", "", "ONNX file: NCHW or NHWC, where the network leaves it open")
	complete(cmd, "interpolation", "bilinear", "bicubic")
	complete(cmd, "input-layout", "NCHW", "NHWC")
}

func (o onnxFlags) options() (nets.ONNXOptions, error) {
	if o.mean != nil && len(o.mean) != 3 || o.std != nil && len(o.std) != 3 {
		return nets.ONNXOptions{}, usagef("--mean and --std take three numbers, such as 0.485,0.456,0.406")
	}
	for _, s := range o.std {
		if !(s > 0) {
			return nets.ONNXOptions{}, usagef("--std %g: a standard deviation is above 0", s)
		}
	}
	if o.resize < 0 || o.crop < 0 {
		return nets.ONNXOptions{}, usagef("--resize and --crop are above 0")
	}
	return nets.ONNXOptions{Mean: o.mean, Std: o.std, Resize: o.resize, Crop: o.crop, Filter: o.filter, Layout: o.layout}, nil
}

func isONNX(spec string) bool { return strings.EqualFold(filepath.Ext(spec), onnxSuffix) }

// parseONNX resolves FILE.onnx and NAME=FILE.onnx.
func parseONNX(spec string) (m modelSpec, err error) {
	name, file, named := strings.Cut(spec, "=")
	if !named {
		file = spec
		name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
	}
	if name == "" || strings.ContainsAny(name, `/\`) {
		return m, usagef("--model %s: a network needs a name that can be part of a file's name", spec)
	}
	_, err = os.Stat(file)
	return modelSpec{file: file, subject: strings.ReplaceAll(name, "_", "-")}, err
}

// loadONNX loads the network of an ONNX file and prints what had to be guessed.
func (m modelSpec) loadONNX(c configuration) (*nets.Model, error) {
	backend, err := c.open()
	if err != nil {
		return nil, err
	}
	model, guesses, err := nets.LoadONNX(backend, m.file, c.onnx)
	if err != nil {
		return nil, err
	}
	if model.ClassNames == nil && model.Classes != dataset.NumClasses {
		model.Close()
		return nil, fmt.Errorf("%s tells %d classes apart and does not say which: its metadata must name them under the key \"classes\", as a JSON list of strings", m.file, model.Classes)
	}
	if guesses != nil {
		fmt.Fprintf(os.Stderr, "%s does not say how pictures are shown to it. Taken for granted, unless flags say otherwise:\n  %s\n",
			m.file, strings.Join(guesses, "\n  "))
	}
	return model, nil
}

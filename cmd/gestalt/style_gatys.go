package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gestalt-vision/gestalt/style"
)

// gatysFlags are the settings of Gatys' method that people change.
type gatysFlags struct {
	vgg, network               string
	styleLayers, contentLayers []string
	iterations                 int
	scales                     []string
	styleWeight, contentWeight float64
	variationWeight            float64
	pooling, optimizer, start  string
	rate                       float64
	seed                       uint64         // of --start noise: that of the styles
	flags                      *pflag.FlagSet // to tell what was given from defaults, which depend on the network
}

func (g *gatysFlags) addFlags(cmd *cobra.Command) {
	f, o := cmd.Flags(), style.DefaultGatys()
	g.flags = f
	f.StringVar(&g.vgg, "vgg", "", "gatys: weights of VGG-19, vgg_conv.pth of the authors or torchvision's (default: torchvision's)")
	f.StringVar(&g.network, "network", "", "gatys: compare features of this network instead of VGG-19's; NAME or NAME=FILE, as --model of other verbs")
	f.StringSliceVar(&g.styleLayers, "style-layers", nil, "gatys: layers that have the style, relu1_1 … relu5_4 or features of --network (default "+strings.Join(o.StyleLayers, ",")+")")
	f.StringSliceVar(&g.contentLayers, "content-layers", nil, "gatys: layers that have the content (default "+strings.Join(o.ContentLayers, ",")+")")
	f.IntVar(&g.iterations, "iterations", o.Scales[0].Iterations, "gatys: iterations")
	f.StringSliceVar(&g.scales, "scales", nil, "gatys: sizes to paint at one after the other, each with its iterations, as 0.25:300,0.5:200,1:100")
	f.Float64Var(&g.styleWeight, "style-weight", o.StyleWeight, "gatys: weight of the style")
	f.Float64Var(&g.contentWeight, "content-weight", o.ContentWeight, "gatys: weight of the content")
	f.Float64Var(&g.variationWeight, "variation-weight", o.VariationWeight, "gatys: weight of the total variation, which smooths")
	f.StringVar(&g.pooling, "pooling", string(o.Pooling), "gatys: how VGG-19 pools, max or mean")
	f.StringVar(&g.optimizer, "optimizer", string(o.Optimizer), "gatys: lbfgs or adam")
	f.Float64Var(&g.rate, "rate", o.Rate, "gatys: rate of the optimiser")
	f.StringVar(&g.start, "start", gatysStarts[0], "gatys: what is painted over, "+strings.Join(gatysStarts, " or "))
	complete(cmd, "start", gatysStarts...)
	complete(cmd, "optimizer", string(style.LBFGS), string(style.Adam))
	complete(cmd, "pooling", string(style.MaxPooling), string(style.MeanPooling))
}

// gatysStarts are the pictures that the optimisation can begin from.
var gatysStarts = []string{"content", "noise"}

// options are the settings for a network, "" for VGG-19.
func (g gatysFlags) options(network string, styleSide int) (o style.GatysOptions, err error) {
	if o, err = style.GatysOf(network); err != nil && g.styleLayers == nil {
		return o, usagef("%w; say with --style-layers and --content-layers which features are compared", err)
	}
	given := g.flags.Changed
	if given("style-layers") {
		o.StyleLayers = g.styleLayers
	}
	if given("content-layers") {
		o.ContentLayers = g.contentLayers
	}
	for flag, weight := range map[string]struct {
		to   *float64
		from float64
	}{
		"style-weight": {&o.StyleWeight, g.styleWeight}, "content-weight": {&o.ContentWeight, g.contentWeight},
		"variation-weight": {&o.VariationWeight, g.variationWeight},
	} {
		if given(flag) {
			*weight.to = weight.from
		}
	}
	o.Pooling, o.Optimizer, o.Rate = style.Pooling(g.pooling), style.Optimizer(g.optimizer), g.rate
	o.Scales[0].Iterations = g.iterations
	if given("scales") {
		if given("iterations") {
			return o, usagef("--scales says how many iterations there are; leave out --iterations")
		}
		if o.Scales, err = parseScales(g.scales); err != nil {
			return o, err
		}
	}
	switch g.start {
	case gatysStarts[0]:
	case gatysStarts[1]:
		o.Noise, o.Seed = true, g.seed
	default:
		return o, usagef("--start %s: there are %s", g.start, strings.Join(gatysStarts, " and "))
	}
	if o.StyleSize = styleSide; o.StyleSize == 0 {
		o.StyleSize = 256
	}
	return o, nil
}

// parseScales reads scales such as 0.5:200.
func parseScales(texts []string) (scales []style.GatysScale, err error) {
	for _, text := range texts {
		factor, iterations, ok := strings.Cut(text, ":")
		f, err1 := strconv.ParseFloat(factor, 64)
		n, err2 := strconv.Atoi(iterations)
		if !ok || err1 != nil || err2 != nil {
			return nil, usagef("--scales %s: give SIZE:ITERATIONS, as 0.5:200", text)
		}
		scales = append(scales, style.GatysScale{Factor: f, Iterations: n})
	}
	return scales, nil
}

func openGatys(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	g := f.gatys
	if f.alpha != 1 {
		return nil, usagef("gatys has no --alpha; give the style less --style-weight")
	}
	if g.vgg != "" && g.network != "" {
		return nil, usagef("--vgg is for VGG-19, --network for other networks; choose one")
	}
	var network, file string
	if g.network != "" {
		m, err := parseModel(g.network)
		if err != nil {
			return nil, fmt.Errorf("--network: %w", err)
		}
		if m.name == "" {
			return nil, usagef("--network %s: an ONNX file has no features with names", g.network)
		}
		network, file = m.name, m.file
	}
	o, err := g.options(network, f.styleSide)
	if err != nil {
		return nil, err
	}
	if network == "" {
		if file, err = locateStyle(g.vgg, "vgg", "vgg19"); err != nil {
			return nil, err
		}
	}
	return style.OpenGatys(b, file, o)
}

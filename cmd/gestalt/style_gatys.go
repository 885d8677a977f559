package main

import (
	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"github.com/gestalt-vision/gestalt/style"
)

// gatysFlags are the settings of Gatys' method that people change.
type gatysFlags struct {
	vgg                        string
	iterations                 int
	styleWeight, contentWeight float64
	pooling, optimizer         string
	rate                       float64
}

func (g *gatysFlags) addFlags(cmd *cobra.Command) {
	f, o := cmd.Flags(), style.DefaultGatys()
	f.StringVar(&g.vgg, "vgg", "", "gatys: weights of VGG-19, vgg_conv.pth of the authors or torchvision's (default: torchvision's)")
	f.IntVar(&g.iterations, "iterations", o.Scales[0].Iterations, "gatys: iterations")
	f.Float64Var(&g.styleWeight, "style-weight", o.StyleWeight, "gatys: weight of the style")
	f.Float64Var(&g.contentWeight, "content-weight", o.ContentWeight, "gatys: weight of the content")
	f.StringVar(&g.pooling, "pooling", string(o.Pooling), "gatys: how VGG-19 pools, max or mean")
	f.StringVar(&g.optimizer, "optimizer", string(o.Optimizer), "gatys: lbfgs or adam")
	f.Float64Var(&g.rate, "rate", o.Rate, "gatys: rate of the optimiser")
}

func openGatys(b compute.Backend, f styleFlags) (style.Stylizer, error) {
	if f.alpha != 1 {
		return nil, usagef("gatys has no --alpha; give the style less --style-weight")
	}
	g, o := f.gatys, style.DefaultGatys()
	o.Scales[0].Iterations = g.iterations
	o.StyleWeight, o.ContentWeight = g.styleWeight, g.contentWeight
	o.Pooling, o.Optimizer, o.Rate = style.Pooling(g.pooling), style.Optimizer(g.optimizer), g.rate
	if o.StyleSize = f.styleSide; o.StyleSize == 0 {
		o.StyleSize = 256
	}
	file, err := locateStyle(g.vgg, "vgg", "vgg19")
	if err != nil {
		return nil, err
	}
	return style.OpenGatys(b, file, o)
}

package weights

import (
	"regexp"
	"strconv"
	"strings"
)

// magentaLayers are the layers of Magenta's arbitrary-image-stylization-v1-256 by the names that TensorFlow has for them:
// first the transformer's, then the predictor's, which are MobileNet v2's.
var (
	magentaConv     = regexp.MustCompile(`(?:^|/)transformer/(contract|residual|expand)/(?:residual|conv)(\d)(?:/(conv\d?))?(?:/StyleNorm/Conv(_1)?)?$`)
	magentaStyle    = regexp.MustCompile(`/StyleNorm/Conv(_1)?$`)
	mobileNetBlock  = regexp.MustCompile(`(?:^|/)MobilenetV2/expanded_conv(?:_(\d{1,2}))?/(expand|depthwise|project)$`)
	mobileNetEnd    = regexp.MustCompile(`(?:^|/)MobilenetV2/Conv(_1)?$`)
	magentaBottle   = regexp.MustCompile(`(?:^|/)mobilenet_conv/Conv$`)
	tflitePart      = regexp.MustCompile(`^(.*)\.(weight|bias)$`)
	identityEpsilon = 1e-5 // of the batch norms into which a network reads what is made for one here
)

// magentaName is the name that a layer of Magenta's networks has here, with the name of the batch norm behind it where the
// network here has one; "" for other layers. In TensorFlow the network's batch norms are folded into its convolutions.
//
// A StyleNorm has two linear layers. The published graphs add what Conv gives and multiply by what Conv_1 gives.
func magentaName(layer string) (name, norm string) {
	if m := magentaConv.FindStringSubmatch(layer); m != nil {
		switch m[1] {
		case "contract":
			return "contract.conv" + m[2], ""
		case "residual":
			name = "residual.block" + m[2] + "." + m[3]
		case "expand":
			name = "expand.conv" + m[2]
		}
		switch style := magentaStyle.FindStringSubmatch(layer); {
		case style == nil:
			return name + ".conv", ""
		case style[1] == "":
			return name + ".norm.beta", ""
		}
		return name + ".norm.gamma", ""
	}
	if m := mobileNetEnd.FindStringSubmatch(layer); m != nil {
		if m[1] == "" {
			return "features.0.0", "features.0.1"
		}
		return "features.18.0", "features.18.1"
	}
	if m := mobileNetBlock.FindStringSubmatch(layer); m != nil {
		block, _ := strconv.Atoi(m[1]) // "" is the first block, which has no expansion
		base, first := "features."+strconv.Itoa(block+1)+".conv.", 1
		if block == 0 {
			first = 0
		}
		part := func(i int) string { return base + strconv.Itoa(first+i) }
		switch m[2] {
		case "expand":
			return base + "0.0", base + "0.1"
		case "depthwise":
			return part(0) + ".0", part(0) + ".1"
		}
		return part(1), part(2)
	}
	if magentaBottle.MatchString(layer) {
		return "bottleneck", ""
	}
	return "", ""
}

// linear says whether a layer that TensorFlow has as a convolution of one pixel is a linear layer here.
func linear(name string) bool {
	return name == "bottleneck" || strings.HasSuffix(name, ".norm.beta") || strings.HasSuffix(name, ".norm.gamma")
}

// nameMagenta gives the tensors of Magenta's networks the names that they have here, and gives convolutions with a batch
// norm here one that does nothing but add the bias. Files without such tensors stay as they are.
func (c *contents) nameMagenta() {
	var made []stored
	renamed := map[string]string{}
	for i := range c.tensors {
		t := &c.tensors[i]
		parts := tflitePart.FindStringSubmatch(t.Name)
		if parts == nil {
			continue
		}
		name, norm := magentaName(parts[1])
		switch {
		case name == "":
			continue
		case norm != "" && parts[2] == "bias":
			made = append(made, identityNorm(norm, t.Shape)...)
			name = norm
		case linear(name) && len(t.Shape) == 4 && t.Shape[2] == 1 && t.Shape[3] == 1:
			t.Shape = t.Shape[:2]
		}
		renamed[t.Name] = name + "." + parts[2]
	}
	taken := map[string]bool{}
	for _, t := range c.tensors {
		name := t.Name
		if better, ok := renamed[name]; ok {
			name = better
		}
		if taken[name] {
			return // two layers would get one name: the file is not what it seems
		}
		taken[name] = true
	}
	for i := range c.tensors {
		if better, ok := renamed[c.tensors[i].Name]; ok {
			c.tensors[i].Name = better
		}
	}
	c.tensors, c.origin.Renamed = append(c.tensors, made...), renamed
}

// identityNorm is a batch norm without its bias that does nothing: mean 0, and variance and weight 1.
func identityNorm(norm string, shape []int) []stored {
	made := make([]stored, 0, 3)
	for _, p := range []struct {
		name  string
		value float64
	}{{"weight", 1}, {"running_mean", 0}, {"running_var", 1 - identityEpsilon}} {
		values := make([]float32, shape[0])
		for i := range values {
			values[i] = float32(p.value)
		}
		made = append(made, stored{Tensor: Tensor{Name: norm + "." + p.name, DType: F32, Shape: shape, Data: float32Bytes(values)}})
	}
	return made
}

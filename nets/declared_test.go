package nets

import (
	"slices"
	"strings"
	"testing"

	"github.com/gestalt-vision/gestalt/pixel"
	"github.com/gestalt-vision/gestalt/weights"
)

// What a file declares outweighs the name that it is loaded by.
func TestDeclared(t *testing.T) {
	a, err := Lookup("mobilenet_v2")
	if err != nil {
		t.Fatal(err)
	}
	half, b := [3]float32{0.5, 0.5, 0.5}, open(t, "go")
	for _, c := range []struct {
		metadata        map[string]string
		name            string // by which it is loaded
		want            string
		wantMean        [3]float32
		wantIdentified  string
		wantInTheReport string // where it is refused
	}{
		{nil, "mobilenet_v2", "mobilenet_v2", imageNet.Mean, "mobilenet_v2", ""},
		{nil, "mobilenet_v2_tf", "mobilenet_v2_tf", half, "mobilenet_v2", ""},
		{map[string]string{"padding": "SAME: bottom and right", "mean": "0.5,0.5,0.5", "std": "0.5,0.5,0.5"}, "mobilenet_v2", "mobilenet_v2_tf", half, "mobilenet_v2_tf", ""},
		{map[string]string{"padding": "SAME"}, "mobilenet_v2_tf", "mobilenet_v2_tf", half, "mobilenet_v2_tf", ""},
		{map[string]string{"padding": "as torchvision"}, "mobilenet_v2_tf", "mobilenet_v2", imageNet.Mean, "mobilenet_v2", ""},
		{map[string]string{"padding": "as torchvision", "mean": "0.5, 0.5, 0.5"}, "mobilenet_v2", "mobilenet_v2", half, "mobilenet_v2", ""},
		{map[string]string{"padding": "reflection"}, "mobilenet_v2", "", half, "", `declares the padding "reflection"`},
		{map[string]string{"mean": "0.5"}, "mobilenet_v2", "", half, "", `declares the mean "0.5"`},
		{map[string]string{"mean": "0.5,x,NaN"}, "mobilenet_v2", "", half, "", `declares the mean`},
		{map[string]string{"std": "1,1,0"}, "mobilenet_v2", "", half, "", `declares the std "1,1,0"`},
	} {
		path := savedDeclaring(t, a, c.metadata, nil)
		name, err := Identify(path)
		if name != c.wantIdentified || (err != nil) != (c.wantInTheReport != "") {
			t.Errorf("%v: identified as %q, %v", c.metadata, name, err)
		}
		m, err := Load(b, c.name, path)
		if err != nil {
			if c.wantInTheReport == "" || !strings.Contains(err.Error(), c.wantInTheReport) || !strings.Contains(err.Error(), path) {
				t.Errorf("%v: %v", c.metadata, err)
			}
			continue
		}
		if m.Name != c.want || m.Preprocess.Mean != c.wantMean {
			t.Errorf("%v as %s: loaded as %s, mean %v", c.metadata, c.name, m.Name, m.Preprocess.Mean)
		}
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
	// A network that there is only with torchvision's padding.
	squeezeNet, err := Lookup("squeezenet1_1")
	if err != nil {
		t.Fatal(err)
	}
	path := savedDeclaring(t, squeezeNet, map[string]string{"padding": "SAME"}, nil)
	if _, err := Load(b, "squeezenet1_1", path); err == nil || !strings.Contains(err.Error(), "there is no squeezenet1_1") {
		t.Errorf("SqueezeNet with SAME: %v", err)
	}
}

// What Metadata writes, Load and Identify read: the network, its classes and how pictures are prepared.
func TestMetadata(t *testing.T) {
	a, err := Lookup("resnet18_small_pooled")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"bär", `"quoted", with commas`, "arrow"}
	a = a.WithClassNames(names)
	a.Preprocess = Preprocess{Resize: 55, Crop: 48, Filter: pixel.Bicubic, Mean: [3]float32{0.1, 0.2, 1. / 3}, Std: [3]float32{1, 2, 0.25}}
	b := open(t, "cpu")
	path := savedDeclaring(t, a, a.Metadata(), nil)
	if name, err := Identify(path); name != a.Name || err != nil {
		t.Errorf("identified as %q, %v", name, err)
	}
	lacking := savedDeclaring(t, a, a.Metadata(), func(tensors map[string]weights.Tensor) { delete(tensors, "layer1.0.conv1.weight") })
	if name, err := Identify(lacking); name != "" || err == nil || !strings.Contains(err.Error(), "missing: layer1.0.conv1.weight") {
		t.Errorf("a file that lacks a parameter of the network that it declares: %q, %v", name, err)
	}
	m, err := Load(b, a.Name, path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if m.Name != a.Name || m.Preprocess != a.Preprocess || m.Classes != len(names) || !slices.Equal(m.ClassNames, names) {
		t.Errorf("loaded as %s, %v, %d classes %q", m.Name, m.Preprocess, m.Classes, m.ClassNames)
	}
	side := a.Preprocess.Crop
	if p, err := m.Probabilities(MadeUp("pictures", 2*side*side*3, -2, 2), 2); err != nil || len(p) != 2*len(names) {
		t.Errorf("%d probabilities of 2 pictures, %v", len(p), err)
	}
	for _, name := range Names() { // of the usual ones it says what the definition says
		usual, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		prepared := Preprocess{Filter: pixel.Box}
		if err := prepared.declare(usual.Metadata()); err != nil || prepared != usual.Preprocess {
			t.Errorf("%s: declared %v, %v; want %v", name, prepared, err, usual.Preprocess)
		}
	}
}

// Files of networks with classes of their own, without metadata that say which.
func TestOwnClasses(t *testing.T) {
	b := open(t, "go")
	for _, name := range []string{"resnet10_slim", "googlenet", "squeezenet1_1"} {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		path := saved(t, a.WithClasses(11), nil)
		if is, err := Identify(path); is != name || err != nil {
			t.Errorf("%s with 11 classes: identified as %q, %v", name, is, err)
		}
		if _, err := Load(b, name, path); err == nil || !strings.Contains(err.Error(), "tells 11 classes apart and does not say which") {
			t.Errorf("%s with 11 classes without names: %v", name, err)
		}
	}
}

// What metadata declare has to be possible, and to go with the parameters.
func TestMetadataRefused(t *testing.T) {
	a, err := Lookup("resnet10_slim")
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, "go")
	for _, c := range []struct{ key, value, says string }{
		{"network", "resnet11", `declares the network "resnet11", which is none here`},
		{"network", "resnet18_small", "holds weights of resnet18_small, not of resnet10_slim"},
		{"classes", "cat,dog", "no list of strings"},
		{"classes", `["cat",3]`, "no list of strings"},
		{"classes", `[]`, "empty"},
		{"classes", `["cat"]`, "declares 1 classes, but its parameters are of 2"},
		{"classes", `["cat",""]`, `class 1 is called ""`},
		{"classes", `["cat","d\u0007g"]`, "class 1 is called"},
		{"classes", `["cat","cat"]`, `two classes are called "cat"`},
		{"resize", "0", "declares the resize"},
		{"crop", "64 pixels", "declares the crop"},
		{"crop", "65", "cropped to 65 pixels after they were resized to 64"},
		{"resize", "4097", "declares the resize"},
		{"interpolation", "nearest", "neither bilinear nor bicubic"},
	} {
		metadata := a.WithClassNames([]string{"cat", "dog"}).Metadata()
		metadata[c.key] = c.value
		path := savedDeclaring(t, a.WithClasses(2), metadata, nil)
		if _, err := Load(b, "resnet10_slim", path); err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s %s: %v", c.key, c.value, err)
		}
	}
}

// Any metadata are read or refused.
func FuzzMetadata(f *testing.F) {
	f.Add(`["bear","bird"]`, "64", "bilinear", "0.5,0.5,0.5")
	f.Add(`[null,{}]`, "-1", "", "1,,")
	f.Fuzz(func(t *testing.T, classes, side, filter, three string) {
		names, err := declaredClasses(classes)
		if err == nil {
			a := Architecture{}.WithClassNames(names)
			if again, err := declaredClasses(a.Metadata()[keyClasses]); err != nil || !slices.Equal(again, names) {
				t.Errorf("%q is read back as %q, %v", names, again, err)
			}
		}
		p := imageNet
		if p.declare(map[string]string{keyCrop: side, keyResize: side, keyInterpolation: filter, keyMean: three, keyStd: three}) == nil {
			again := Preprocess{}
			if err := again.declare(Architecture{Preprocess: p}.Metadata()); err != nil || again != p {
				t.Errorf("%v is read back as %v, %v", p, again, err)
			}
		}
	})
}

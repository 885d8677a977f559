package nets

import (
	"strings"
	"testing"
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

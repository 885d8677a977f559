package nets

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// With classes of its own a network has as many logits, those of heads beside the last too, and is otherwise what it was.
func TestWithClasses(t *testing.T) {
	const classes = 7
	b := open(t, "go")
	for _, name := range Names() {
		a, err := Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		usual, err := a.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		own := a.WithClasses(classes)
		if a.Classes() != 1000 || own.Classes() != classes {
			t.Errorf("%s has %d classes, then %d", name, a.Classes(), own.Classes())
		}
		changed, err := own.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range changed {
			want := slices.Clone(usual[i].Shape)
			if want[0] == 1000 && p.Shape[0] != 1000 {
				want[0] = classes
			}
			if p.Name != usual[i].Name || !slices.Equal(p.Shape, want) {
				t.Errorf("%s: parameter %s %v, where that for ImageNet is %s %v", name, p.Name, p.Shape, usual[i].Name, usual[i].Shape)
			}
		}
		g := graph.NewGraph(b, name)
		side := a.Preprocess.Crop
		net := own.Build(graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 1, side, side, 3)), Training)
		for head, logits := range net.Auxiliary {
			if logits.Shape().Dim(-1) != classes {
				t.Errorf("%s: the head %s has logits %s", name, head, logits.Shape())
			}
		}
		if net.Logits.Shape().Dim(-1) != classes {
			t.Errorf("%s: logits %s", name, net.Logits.Shape())
		}
		g.Finalize()
	}
	a, err := Lookup("resnet10_slim")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"arrow", "bolt"}
	named := a.WithClassNames(names)
	names[0] = "changed"
	if got := named.ClassNames(); named.Classes() != 2 || !slices.Equal(got, []string{"arrow", "bolt"}) || a.ClassNames() != nil {
		t.Errorf("%d classes %v, without names %v", named.Classes(), got, a.ClassNames())
	}
	for _, n := range []int{0, -1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a network for %d classes", n)
				}
			}()
			a.WithClasses(n)
		}()
	}
}

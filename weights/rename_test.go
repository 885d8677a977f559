package weights

import (
	"maps"
	"slices"
	"testing"
)

// The names in torchvision's densenet121-a639ec97.pth are those of an older PyTorch.
func TestRenameDenseNet(t *testing.T) {
	for _, test := range []struct {
		names, want []string
		renamed     int
	}{
		{
			[]string{"features.conv0.weight", "features.denseblock1.denselayer12.norm.1.running_mean", "features.denseblock1.denselayer12.conv.2.weight", "features.transition1.norm.weight"},
			[]string{"features.conv0.weight", "features.denseblock1.denselayer12.norm1.running_mean", "features.denseblock1.denselayer12.conv2.weight", "features.transition1.norm.weight"}, 2,
		},
		{ // wrapped as well
			[]string{"module.features.denselayer1.norm.1.weight", "module.classifier.bias"},
			[]string{"features.denselayer1.norm1.weight", "classifier.bias"}, 2,
		},
		{ // two that would be one
			[]string{"denselayer1.norm.1.weight", "denselayer1.norm1.weight"},
			[]string{"denselayer1.norm.1.weight", "denselayer1.norm1.weight"}, 0,
		},
		{[]string{"denselayer1.norm.3.weight", "layer1.norm.1.weight"}, []string{"denselayer1.norm.3.weight", "layer1.norm.1.weight"}, 0},
	} {
		var c contents
		for _, name := range test.names {
			c.tensors = append(c.tensors, stored{Tensor: Tensor{Name: name}})
		}
		c.rename()
		var got []string
		for _, t := range c.tensors {
			got = append(got, t.Name)
		}
		if !slices.Equal(got, test.want) || len(c.origin.Renamed) != test.renamed {
			t.Errorf("%q became %q, renamed %v", test.names, got, slices.Sorted(maps.Keys(c.origin.Renamed)))
		}
	}
}

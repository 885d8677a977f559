package train

import (
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/gestalt-vision/gestalt/nets"
)

// totalLoss is the loss of the last classifier and, with their weights, those of the heads beside it.
func totalLoss(net *nets.Net, labels *graph.Node, smoothing float64) *graph.Node {
	loss := crossEntropy(net.Logits, labels, smoothing)
	for _, name := range slices.Sorted(maps.Keys(net.Auxiliary)) {
		loss = graph.Add(loss, graph.MulScalar(crossEntropy(net.Auxiliary[name], labels, smoothing), auxiliaryWeight(name)))
	}
	return loss
}

// auxiliaryWeight is how much the loss of a head beside the last counts: 0.3 for GoogLeNet's two (Szegedy et al. 2014,
// section 5), 0.4 for the one of Inception v3 (its TensorFlow code, and PyTorch's tutorials).
func auxiliaryWeight(head string) float64 {
	if strings.HasPrefix(head, "aux") {
		return 0.3
	}
	return 0.4
}

// crossEntropy is PyTorch's CrossEntropyLoss of logits [batch, classes] and labels [batch]: the mean over the batch of
//
//	-Σ q·log p,  q = (1-ε)·[class = label] + ε/classes
//
// with the softmax p of the logits and ε the smoothing of labels (Szegedy et al. 2015, arXiv 1512.00567, section 7).
func crossEntropy(logits, labels *graph.Node, smoothing float64) *graph.Node {
	classes := logits.Shape().Dim(-1)
	target := graph.OneHot(labels, classes, dtypes.Float32)
	if smoothing > 0 {
		target = graph.AddScalar(graph.MulScalar(target, 1-smoothing), smoothing/float64(classes))
	}
	return graph.Neg(graph.ReduceMean(graph.ReduceSum(graph.Mul(target, graph.LogSoftmax(logits)), -1), 0))
}

// rightAnswers is how many pictures have their largest logit at their label, an int32.
func rightAnswers(logits, labels *graph.Node) *graph.Node {
	right := graph.Equal(graph.ArgMax(graph.StopGradient(logits), -1, dtypes.Int32), labels)
	return graph.ReduceAllSum(graph.ConvertDType(right, dtypes.Int32))
}

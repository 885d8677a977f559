// Package nets holds the networks: their architectures as GoMLX graph code, with the preprocessing each was trained
// with, and running them on any engine.
//
// An [Architecture] is looked up by torchvision's name for it. Its graph takes pictures as [batch, height, width, 3] and
// gives [batch, 1000] logits, or as many as [Architecture.WithClasses] says; inside, activations are NHWC and kernels
// HWIO. Its parameters carry torchvision's names and, in files, torchvision's shapes, so that a file saved from
// torchvision's state_dict loads as it is.
//
// The graph code of a family reads like the table of its paper and is the only description of the network: the names
// and shapes that a file must have are found by building the graph ([Architecture.Parameters]).
//
//	model, err := nets.Load(backend, "resnet50", "resnet50.safetensors")
//	…
//	err = model.Preprocess.Tensor(picture, batch)
//	probabilities, err := model.Probabilities(batch, 1)
package nets

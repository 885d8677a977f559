// Package onnx reads networks from ONNX files (onnx.ai) into GoMLX graphs: any classifier that PyTorch, TensorFlow or timm
// export, with operators of opset 7 to 22, on any engine.
//
//	file, err := onnx.Open("resnet50.onnx")
//	…
//	net, err := file.Build(pictures, true) // adds the network to the graph of pictures
//
// How it goes:
//
//	wire.go, proto.go   read the protobuf, strictly and within bounds; package wire formats alone, no generated code
//	file.go             puts the nodes in order and lists everything that is not known here, before anything is computed
//	fold.go             computes what follows from parameters or shapes alone, by the same operators on the cpu engine
//	build.go            adds node after node to the graph
//	value.go            keeps channels last, whatever order of axes the file's operators count in
//	operators.go        the table of operators; op_*.go what they mean
//
// Shapes are those of the graph that is built, so that shape arithmetic (Shape, Gather, Concat, Reshape) is all done while
// building. Parameters are inputs of the graph and not constants in it: see [Input]. A batch normalisation behind a
// convolution is folded into its kernel.
//
// The meaning of operators is that of onnx.ai/onnx/operators; where it leaves something open, that of ONNX Runtime 1.20.
package onnx

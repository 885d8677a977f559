package onnx

import (
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// message is a protobuf message under construction: what tests need to write small networks.
type message []byte

func (m message) bytes(num int, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, protowire.Number(num), protowire.BytesType), b)
}

func (m message) text(num int, s string) message { return m.bytes(num, []byte(s)) }

func (m message) int(num int, v int64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, protowire.Number(num), protowire.VarintType), uint64(v))
}

// testGraph is a GraphProto under construction.
type testGraph struct{ message }

func (g *testGraph) node(op string, in, out []string, attributes ...message) {
	var n message
	for _, name := range in {
		n = n.text(1, name)
	}
	for _, name := range out {
		n = n.text(2, name)
	}
	n = n.text(4, op)
	for _, a := range attributes {
		n = n.bytes(5, a)
	}
	g.message = g.bytes(1, n)
}

func intAttribute(name string, v int64) message {
	return message{}.text(1, name).int(3, v).int(20, attrInt)
}

func intsAttribute(name string, list ...int64) message {
	m := message{}.text(1, name)
	for _, v := range list {
		m = m.int(8, v)
	}
	return m.int(20, attrInts)
}

func tensorMessage(name string, onnxType int64, dims []int64, raw []byte) message {
	var t message
	for _, d := range dims {
		t = t.int(1, d)
	}
	return t.int(2, onnxType).text(8, name).bytes(9, raw)
}

func (g *testGraph) floats(name string, dims []int64, values ...float32) {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	g.message = g.bytes(5, tensorMessage(name, typeFloat, dims, raw))
}

func (g *testGraph) integers(name string, values ...int64) {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	g.message = g.bytes(5, tensorMessage(name, typeInt64, []int64{int64(len(values))}, raw))
}

// declared is a ValueInfoProto of float32; dimensions of -1 are left open.
func declared(name string, dims ...int64) message {
	var shape message
	for _, d := range dims {
		if d < 0 {
			shape = shape.bytes(1, message{}.text(2, "n"))
		} else {
			shape = shape.bytes(1, message{}.int(1, d))
		}
	}
	return message{}.text(1, name).bytes(2, message{}.bytes(1, message{}.int(1, typeFloat).bytes(2, shape)))
}

func (g *testGraph) input(name string, dims ...int64) {
	g.message = g.bytes(11, declared(name, dims...))
}

func (g *testGraph) output(name string) { g.message = g.bytes(12, declared(name)) }

// model is the whole file.
func (g *testGraph) model(opset int64) []byte {
	return message{}.int(1, 8).text(2, "test").bytes(8, message{}.int(2, opset)).bytes(7, g.message)
}

// smallNetwork is a classifier of two classes with a convolution, batch normalisation, pooling and a softmax.
func smallNetwork() []byte {
	var g testGraph
	g.input("x", -1, 3, 4, 4)
	kernel := make([]float32, 4*3*3*3)
	for i := range kernel {
		kernel[i] = float32(i%7-3) / 8
	}
	g.floats("kernel", []int64{4, 3, 3, 3}, kernel...)
	g.floats("scale", []int64{4}, 1, 0.5, 2, 1)
	g.floats("shift", []int64{4}, 0, 0.5, -1, 1)
	g.floats("mean", []int64{4}, 0.1, 0.2, 0.3, 0.4)
	g.floats("variance", []int64{4}, 1, 2, 3, 4)
	g.floats("matrix", []int64{2, 4}, 1, 2, 3, 4, -1, -2, -3, -4)
	g.integers("flat", 0, -1)
	g.node("Conv", []string{"x", "kernel"}, []string{"c"}, intsAttribute("pads", 1, 1, 1, 1))
	g.node("BatchNormalization", []string{"c", "scale", "shift", "mean", "variance"}, []string{"b"})
	g.node("Relu", []string{"b"}, []string{"r"})
	g.node("MaxPool", []string{"r"}, []string{"p"}, intsAttribute("kernel_shape", 3, 3), intsAttribute("strides", 2, 2), intAttribute("ceil_mode", 1))
	g.node("GlobalAveragePool", []string{"p"}, []string{"g"})
	g.node("Reshape", []string{"g", "flat"}, []string{"f"})
	g.node("Gemm", []string{"f", "matrix"}, []string{"l"}, intAttribute("transB", 1))
	g.node("Softmax", []string{"l"}, []string{"y"})
	g.output("y")
	return g.model(13)
}

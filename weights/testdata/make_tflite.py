"""Writes the .tflite files in this folder and tflite.json with what they stand for.

    pip install flatbuffers tflite numpy     (made with 25.12.19, 2.18.0, 1.26)
    python3 make_tflite.py

They have the names, the operators around each layer and the number formats of Magenta's published files
(arbitrary-image-stylization-v1-256: style_predict_quantized_256, style_transfer_f16_384, style_transfer_quantized_384 and
style_transfer_quantized_dynamic), with only a few layers and channels, so that each is of some kilobytes. The files are
written by Google's FlatBuffers library and the schema's generated code.

predict_int8.tflite      kernels int8 with a scale for each channel out, biases int32
transfer_f16.tflite      half precision, with an operator that widens each constant; one bias shared by layers
transfer_dynamic.tflite  kernels int8 with one scale, biases float32
plain_uint8.tflite       layers of other names, uint8 with zero points: a convolution, a linear layer without bias
"""
import json
import os

import flatbuffers
import numpy as np
import tflite

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = {"float32": 0, "float16": 1, "int32": 2, "uint8": 3, "int8": 9}
CONV, DEPTHWISE, DEQUANTIZE, LINEAR = 3, 4, 6, 9
random = np.random.default_rng(5)


class Model:
    def __init__(self):
        self.tensors, self.buffers, self.operators, self.expected = [], [b""], [], {}

    def tensor(self, name, shape, dtype="float32", data=None, scale=None, zero=None, axis=0):
        buffer = 0
        if data is not None:
            self.buffers.append(np.ascontiguousarray(data, dtype).tobytes())
            buffer = len(self.buffers) - 1
        self.tensors.append((name, list(shape), TYPES[dtype], buffer, scale, zero, axis))
        return len(self.tensors) - 1

    def op(self, code, inputs, shape=(1, 1, 1, 1)):
        out = self.tensor(f"value{len(self.tensors)}", shape)
        self.operators.append((code, inputs, [out]))
        return out

    def integers(self, name, shape, dtype, bits, scales, axis, zero=0):
        low = 0 if dtype == "uint8" else -(2 ** (bits - 1)) + 1
        q = random.integers(low, low + 2**bits - 1, shape)
        scale = (random.random(scales) * 0.1 + 0.01).astype(np.float32)
        along = [1] * len(shape)
        along[axis] = scales
        stands = ((q - zero) * scale.reshape(along).astype(np.float64)).astype(np.float32)
        return self.tensor(name, shape, dtype, q, scale, [zero] * scales, axis), stands

    def half(self, name, shape):
        v = random.normal(size=shape).astype(np.float16)
        constant = self.tensor(name, shape, "float16", v)
        return self.op(DEQUANTIZE, [constant], shape), v.astype(np.float32)

    def single(self, name, shape):
        v = random.normal(size=shape).astype(np.float32)
        return self.tensor(name, shape, "float32", v), v

    def layer(self, x, code, kernel, bias, named):
        """Adds an operator, and what is expected of its parameters under the name `named` (kernel) and, if told, of a bias."""
        inputs = [x, kernel[0]] + ([] if bias is None else [bias[0]])
        v = kernel[1]
        if code == CONV:
            v = v.transpose(0, 3, 1, 2)
        elif code == DEPTHWISE:
            v = v.transpose(3, 0, 1, 2)
        weight, bias_name, linear = named
        self.expect(weight, v[:, :, 0, 0] if linear else v)
        if bias is not None and bias_name:
            self.expect(bias_name, bias[1])
        return self.op(code, inputs)

    def expect(self, name, v):
        self.expected[name] = {"shape": list(v.shape), "values": [float(str(x)) for x in v.flatten()]}

    def norm(self, name, n):
        """The batch norm that does nothing, into which a bias is put."""
        for part, v in (("weight", 1), ("running_mean", 0), ("running_var", 1 - 1e-5)):
            self.expect(f"{name}.{part}", np.full(n, v, np.float32))

    def write(self, name):
        b = flatbuffers.Builder(1024)

        def vector(items, put, size):
            b.StartVector(size, len(items), size)
            for item in reversed(items):
                put(item)
            return b.EndVector()

        def ints(items):
            return vector(items, b.PrependInt32, 4)

        def offsets(items):
            return vector(items, b.PrependUOffsetTRelative, 4)

        codes = sorted({code for code, _, _ in self.operators})
        code_offsets = []
        for code in codes:
            tflite.OperatorCodeStart(b)
            tflite.OperatorCodeAddDeprecatedBuiltinCode(b, code)
            tflite.OperatorCodeAddBuiltinCode(b, code)
            code_offsets.append(tflite.OperatorCodeEnd(b))
        buffer_offsets = []
        for data in self.buffers:
            v = b.CreateByteVector(data) if data else None
            tflite.BufferStart(b)
            if v:
                tflite.BufferAddData(b, v)
            buffer_offsets.append(tflite.BufferEnd(b))
        tensor_offsets = []
        for tensor_name, shape, dtype, buffer, scale, zero, axis in self.tensors:
            s, n, q = ints(shape), b.CreateString(tensor_name), None
            if scale is not None:
                z, f = vector(zero, b.PrependInt64, 8), vector([float(x) for x in scale], b.PrependFloat32, 4)
                tflite.QuantizationParametersStart(b)
                tflite.QuantizationParametersAddScale(b, f)
                tflite.QuantizationParametersAddZeroPoint(b, z)
                tflite.QuantizationParametersAddQuantizedDimension(b, axis)
                q = tflite.QuantizationParametersEnd(b)
            tflite.TensorStart(b)
            tflite.TensorAddShape(b, s)
            tflite.TensorAddType(b, dtype)
            tflite.TensorAddBuffer(b, buffer)
            tflite.TensorAddName(b, n)
            if q:
                tflite.TensorAddQuantization(b, q)
            tensor_offsets.append(tflite.TensorEnd(b))
        operator_offsets = []
        for code, inputs, outputs in self.operators:
            i, o = ints(inputs), ints(outputs)
            tflite.OperatorStart(b)
            tflite.OperatorAddOpcodeIndex(b, codes.index(code))
            tflite.OperatorAddInputs(b, i)
            tflite.OperatorAddOutputs(b, o)
            operator_offsets.append(tflite.OperatorEnd(b))
        tensors, operators = offsets(tensor_offsets), offsets(operator_offsets)
        tflite.SubGraphStart(b)
        tflite.SubGraphAddTensors(b, tensors)
        tflite.SubGraphAddOperators(b, operators)
        graphs = offsets([tflite.SubGraphEnd(b)])
        codes_at, buffers_at = offsets(code_offsets), offsets(buffer_offsets)
        tflite.ModelStart(b)
        tflite.ModelAddVersion(b, 3)
        tflite.ModelAddOperatorCodes(b, codes_at)
        tflite.ModelAddSubgraphs(b, graphs)
        tflite.ModelAddBuffers(b, buffers_at)
        b.Finish(tflite.ModelEnd(b), b"TFL3")
        with open(os.path.join(HERE, name), "wb") as f:
            f.write(b.Output())
        return self.expected


def predict_int8():
    m = Model()
    x = m.tensor("style_image", [1, 8, 8, 3])
    rows = [  # TensorFlow's name, the name here, operator, kernel
        ("MobilenetV2/Conv", "features.0.0", "features.0.1", CONV, (2, 3, 3, 3)),
        ("MobilenetV2/expanded_conv/depthwise", "features.1.conv.0.0", "features.1.conv.0.1", DEPTHWISE, (1, 3, 3, 2)),
        ("MobilenetV2/expanded_conv/project", "features.1.conv.1", "features.1.conv.2", CONV, (2, 1, 1, 2)),
        ("MobilenetV2/expanded_conv_16/expand", "features.17.conv.0.0", "features.17.conv.0.1", CONV, (3, 1, 1, 2)),
        ("MobilenetV2/expanded_conv_16/depthwise", "features.17.conv.1.0", "features.17.conv.1.1", DEPTHWISE, (1, 3, 3, 3)),
        ("MobilenetV2/expanded_conv_16/project", "features.17.conv.2", "features.17.conv.3", CONV, (2, 1, 1, 3)),
        ("MobilenetV2/Conv_1", "features.18.0", "features.18.1", CONV, (4, 1, 1, 2)),
        ("mobilenet_conv/Conv", "bottleneck", None, CONV, (5, 1, 1, 4)),
    ]
    for name, here, norm, code, shape in rows:
        axis = 3 if code == DEPTHWISE else 0
        n = shape[axis]
        kernel = m.integers(name + ("/depthwise_weights" if code == DEPTHWISE else "/weights"), shape, "int8", 8, n, axis)
        bias = m.integers(name + "/Conv2D_bias", (n,), "int32", 16, n, 0)
        x = m.layer(x, code, kernel, bias, (here + ".weight", (norm or here) + ".bias", norm is None))
        if norm:
            m.norm(norm, n)
    return m.write("predict_int8.tflite")


TRANSFER = [
    ("transformer/contract/conv1", "contract.conv1", (2, 9, 9, 3), False),
    ("transformer/residual/residual1/conv1", "residual.block1.conv1.conv", (2, 3, 3, 2), False),
    ("style_params/transformer/residual/residual1/conv1/StyleNorm/Conv", "residual.block1.conv1.norm.beta", (2, 1, 1, 4), True),
    ("style_params/transformer/residual/residual1/conv1/StyleNorm/Conv_1", "residual.block1.conv1.norm.gamma", (2, 1, 1, 4), True),
    ("transformer/residual/residual5/conv2", "residual.block5.conv2.conv", (2, 3, 3, 2), False),
    ("style_params/transformer/expand/conv3/conv/StyleNorm/Conv", "expand.conv3.norm.beta", (3, 1, 1, 4), True),
    ("style_params/transformer/expand/conv3/conv/StyleNorm/Conv_1", "expand.conv3.norm.gamma", (3, 1, 1, 4), True),
    ("transformer/expand/conv3/conv", "expand.conv3.conv", (3, 9, 9, 2), False),
]


def transfer_f16():
    m = Model()
    x, shared = m.tensor("content_image", [1, 8, 8, 3]), m.half("transformer/residual/residual5/conv2/Conv2D_bias", (2,))
    for name, here, shape, linear in TRANSFER:
        kernel = m.half(name + "/weights", shape)
        bias = shared if "residual" in name and not linear else m.half(name + "/Conv2D_bias", shape[:1])
        x = m.layer(x, CONV, kernel, bias, (here + ".weight", here + ".bias", linear))
    return m.write("transfer_f16.tflite")


def transfer_dynamic():
    m = Model()
    x = m.tensor("content_image", [1, 8, 8, 3])
    for name, here, shape, linear in TRANSFER:
        kernel = m.integers(name + "/weights/read", shape, "int8", 8, 1, 0)
        x = m.layer(x, CONV, kernel, m.single(name + "/Conv2D_bias", shape[:1]), (here + ".weight", here + ".bias", linear))
    return m.write("transfer_dynamic.tflite")


def plain_uint8():
    m = Model()
    x = m.tensor("x", [1, 8, 8, 3])
    x = m.layer(x, CONV, m.integers("first/kernel", (2, 3, 1, 2), "uint8", 8, 1, 0, 131), m.single("first/bias", (2,)),
                ("first.weight", "first.bias", False))
    m.layer(x, LINEAR, m.integers("last/MatMul", (3, 2), "uint8", 8, 1, 0, 7), None, ("last/MatMul.weight", None, False))
    return m.write("plain_uint8.tflite")


if __name__ == "__main__":
    with open(os.path.join(HERE, "tflite.json"), "w") as f:
        json.dump({make.__name__: make() for make in (predict_int8, transfer_f16, transfer_dynamic, plain_uint8)}, f, separators=(",", ":"))
        f.write("\n")

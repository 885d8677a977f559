"""Writes all_types.safetensors with the reference implementation, to compare reading and writing with.

    pip install 'safetensors>=0.8' && python3 make_fixtures.py

Every element type of the package occurs, and names that JSON has to escape. The values of f16, bf16 and f64 are those
that TestFloat32OfReference lists.
"""
import ctypes
import struct

from safetensors import TensorSpec, serialize_file


def pack(code, values):
    return struct.pack("<%d%s" % (len(values), code), *values)


halves = pack("H", [0x0000, 0x8000, 0x0001, 0x83FF, 0x0400, 0x3C00, 0x3555, 0x7BFF, 0x7C00, 0xFC00])
brains = pack("H", [0x0000, 0x8001, 0x007F, 0x3F80, 0x4049, 0x7F7F, 0x7F80, 0xFF80])
tensors = {
    "flag": ("bool", [3], bytes([1, 0, 1])),
    "u8": ("uint8", [2, 2], bytes([0, 1, 254, 255])),
    "i8": ("int8", [1], pack("b", [-128])),
    "i16": ("int16", [2], pack("h", [-32768, 7])),
    "u16": ("uint16", [1], pack("H", [65535])),
    "f16": ("float16", [10], halves),
    "bf16": ("bfloat16", [2, 4], brains),
    "i32": ("int32", [1], pack("i", [-2])),
    "u32": ("uint32", [1], pack("I", [4000000000])),
    "f32": ("float32", [2, 3], pack("f", [0, 1, -2.5, 1e-40, 3.4e38, float("inf")])),
    "f64": ("float64", [4], pack("d", [1 + 2.0**-24, 1e300, -1e-320, 0.1])),
    "i64": ("int64", [], pack("q", [-9])),
    "u64": ("uint64", [1], pack("Q", [2**64 - 1])),
    "empty": ("float32", [0, 5], b""),
    "b.weight": ("float32", [1], pack("f", [2])),
    "a.weight": ("float32", [1], pack("f", [1])),
    'quote " slash / back \\ <é> \n\x01': ("uint8", [1], b"\x2a"),
}
buffers = {name: ctypes.create_string_buffer(data, max(len(data), 1)) for name, (_, _, data) in tensors.items()}
serialize_file(
    {
        name: TensorSpec(dtype=t, shape=shape, data_ptr=ctypes.addressof(buffers[name]), data_len=len(data))
        for name, (t, shape, data) in tensors.items()
    },
    "all_types.safetensors",
    {"format": "pt"},
)

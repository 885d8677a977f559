"""The peer of bench/ghiasi.sh: Ghiasi's transformer in PyTorch, with the names and the graph of style_transformer.safetensors.

Usage: python3 ghiasi_pytorch.py [THREADS] [BATCH] [SIDE] [REPEATS] [FILE]

Prints the median milliseconds a picture. FILE is a safetensors file of the weights; without it they are random.
"""
import json
import statistics
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def reflect(x, conv):
    return conv(functional.pad(x, [conv.kernel_size[0] // 2] * 4, mode="reflect"))


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.gamma, self.beta = nn.Linear(100, channels), nn.Linear(100, channels)

    def forward(self, x, z):
        return functional.instance_norm(x) * self.gamma(z)[:, :, None, None] + self.beta(z)[:, :, None, None]


class Styled(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inputs, outputs, kernel, bias=False), Norm(outputs)

    def forward(self, x, z):
        return self.norm(reflect(x, self.conv), z)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.contract = nn.ModuleDict({
            "conv1": nn.Conv2d(3, 8, 9), "conv2": nn.Conv2d(8, 16, 3, 2), "conv3": nn.Conv2d(16, 32, 3, 2)})
        self.residual = nn.ModuleDict({
            f"block{i + 1}": nn.ModuleDict({"conv1": Styled(32, 32, 3), "conv2": Styled(32, 32, 3)}) for i in range(5)})
        self.expand = nn.ModuleDict({"conv1": Styled(32, 16, 3), "conv2": Styled(16, 8, 3), "conv3": Styled(8, 3, 9)})

    def forward(self, x, z):
        for conv in self.contract.values():
            x = reflect(x, conv).relu()
        for block in self.residual.values():
            x = x + block["conv2"](block["conv1"](x, z).relu(), z)
        for name in ("conv1", "conv2"):
            x = self.expand[name](functional.interpolate(x, scale_factor=2), z).relu()
        return self.expand["conv3"](x, z).sigmoid()


def read(path):
    with open(path, "rb") as f:
        header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
        data = bytearray(f.read())
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(data, dtype=torch.float32, offset=t["data_offsets"][0], count=-(-(t["data_offsets"][1] - t["data_offsets"][0]) // 4)).reshape(t["shape"])
        for name, t in header.items()}


if __name__ == "__main__":
    threads, batch, side, repeats = (int(a) for a in (sys.argv[1:5] + ["2", "8", "224", "5"][len(sys.argv[1:5]):]))
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    net = Transformer().eval()
    if len(sys.argv) > 5:
        net.load_state_dict(read(sys.argv[5]))
    x, z = torch.rand(batch, 3, side, side), torch.randn(batch, 100)
    times = []
    with torch.inference_mode():
        for i in range(repeats + 1):
            start = time.perf_counter()
            net(x, z)
            if i > 0:  # the first one allocates
                times.append((time.perf_counter() - start) * 1e3 / batch)
    print(f"{statistics.median(times):.2f}")

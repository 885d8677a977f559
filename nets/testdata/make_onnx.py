"""Writes onnx_*.onnx, small networks with one of everything, and onnx_*.txt, the probabilities that PyTorch gives for the
pictures of onnx_test.go. Needs torch; run it in this folder.

onnx_fixed    two pictures at once, as torch.onnx.export writes it without dynamic axes; softmax at the end
onnx_bound    the same with shapes that no other number of pictures fits
onnx_nhwc     pictures with channels last, any number, as TensorFlow's networks take them; logits
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def draw(name, n, low, high):  # as in random.go
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = ((h ^ b) * 0x100000001B3) & (2**64 - 1)
    i = np.arange(1, n + 1, dtype=np.uint64)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + i * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (low + (high - low) * ((z >> np.uint64(40)) / (1 << 24))).astype(np.float32)


class Small(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.a = nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False)
        self.an = nn.BatchNorm2d(8)
        self.b = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4)
        self.bn = nn.BatchNorm2d(8)
        self.down = nn.Conv2d(8, 4, 1)
        self.up = nn.Conv2d(4, 8, 1)
        self.act = nn.PReLU(8)
        self.t = nn.ConvTranspose2d(8, 8, 3, stride=2, padding=1, output_padding=1, groups=2)
        self.norm = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        if self.kind == "nhwc":
            x = x.permute(0, 3, 1, 2)
        n = x.shape[0]
        x = F.relu6(self.an(self.a(x)))  # 17 to 9
        x = F.hardswish(self.bn(self.b(x)))
        s = x.mean((2, 3), keepdim=True)
        x = x * F.hardsigmoid(self.up(F.relu(self.down(s))))
        x = x.view(n, 2, 4, x.shape[2], x.shape[3]).transpose(1, 2).reshape(n, 8, x.shape[2], x.shape[3])
        x = F.max_pool2d(x, 3, 2, ceil_mode=True)  # 4
        x = torch.cat([F.avg_pool2d(x, 3, 1, 1), F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)], 3)
        x = self.act(self.t(x))
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.interpolate(x, size=(5, 7), mode="bilinear", align_corners=False)
        x = F.pad(x, (1, 0, 0, 2), value=0.5)
        x = F.leaky_relu(x, 0.1) + F.elu(x[:, :, :, :1]) + F.gelu(x.amax((2, 3), keepdim=True))
        x = x.flatten(2).transpose(1, 2)
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        x = x + torch.softmax(q @ k.transpose(1, 2) / 8**0.5, -1) @ v
        x = x.mean(1)
        if self.kind == "bound":
            x = x.reshape(4, 4).tanh().reshape(2, 8)
        x = self.head(x)
        return x if self.kind == "nhwc" else x.softmax(1)


for kind in ("fixed", "bound", "nhwc"):
    torch.manual_seed(1)
    net = Small(kind).eval()
    for m in (net.an, net.bn):
        m.running_mean.uniform_(-0.3, 0.3)
        m.running_var.uniform_(0.5, 1.5)
        m.weight.data.uniform_(0.4, 1.2)
        m.bias.data.uniform_(-0.3, 0.3)
    pictures = torch.from_numpy(draw("pictures", 4 * 17 * 17 * 3, -2, 2)).view(4, 17, 17, 3)
    x = pictures if kind == "nhwc" else pictures.permute(0, 3, 1, 2)
    with torch.no_grad():
        y = torch.cat([net(x[:2]), net(x[2:])])
    axes = {"x": {0: "n"}, "y": {0: "n"}} if kind == "nhwc" else None
    torch.onnx.export(net, x[:2], f"onnx_{kind}.onnx", opset_version=13, input_names=["x"], output_names=["y"], dynamic_axes=axes)
    np.savetxt(f"onnx_{kind}.txt", y.softmax(1).numpy() if kind == "nhwc" else y.numpy(), fmt="%.8g")

"""Writes the networks of table.sh as ONNX files, with random weights and the batch sizes of the comparison.

Usage: python3 export.py FOLDER [NAME]...

Needs torch and torchvision. The names are those of `gestalt bench`.
"""

import os
import sys

import torch
import torchvision
from torch import nn


def mirrored(channels, out):
    return [nn.ReflectionPad2d(1), nn.Conv2d(channels, out, 3)]


class AdaIN(nn.Module):
    """Huang and Belongie (2017) as naoto0804/pytorch-AdaIN has it, for styles that are given: encoder to relu4_1, the
    content's statistics replaced by the style's, decoder."""

    def __init__(self):
        super().__init__()
        layers, channels = [nn.Conv2d(3, 3, 1)], 3
        for stage, depth in enumerate([2, 2, 4, 1]):
            if stage:
                layers.append(nn.MaxPool2d(2, 2, ceil_mode=True))
            for _ in range(depth):
                layers += mirrored(channels, 64 << stage) + [nn.ReLU()]
                channels = 64 << stage
        self.encoder = nn.Sequential(*layers)
        layers = []
        for stage in [[256], [256, 256, 256, 128], [128, 64], [64]]:
            for out in stage:
                layers += mirrored(channels, out) + [nn.ReLU()]
                channels = out
            if stage != [64]:
                layers.append(nn.UpsamplingNearest2d(scale_factor=2))
        self.decoder = nn.Sequential(*layers, *mirrored(64, 3))
        self.register_buffer("mean", torch.rand(1, 512, 1, 1))
        self.register_buffer("deviation", torch.rand(1, 512, 1, 1))

    def forward(self, pictures):
        content = self.encoder(pictures)
        mean = content.mean((2, 3), keepdim=True)
        pixels = content.shape[2] * content.shape[3]
        variance = ((content - mean) ** 2).sum((2, 3), keepdim=True) / (pixels - 1)
        return self.decoder((content - mean) / torch.sqrt(variance + 1e-5) * self.deviation + self.mean)


def build(name):
    """The network, its batch and the size of its pictures."""
    if name == "adain":
        return AdaIN(), 4, 224
    if name == "inception_v3":
        return torchvision.models.inception_v3(weights=None, init_weights=False), 8, 299
    if name == "googlenet":
        return torchvision.models.googlenet(weights=None, init_weights=False), 8, 224
    return getattr(torchvision.models, name)(weights=None), 8, 224


def main(folder, *names):
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(1)
    for name in names or ["squeezenet1_1", "resnet18", "resnet50", "vgg16", "googlenet", "inception_v3", "mobilenet_v2", "adain"]:
        net, batch, size = build(name)
        with torch.no_grad():
            torch.onnx.export(net.eval(), torch.randn(batch, 3, size, size), os.path.join(folder, name + ".onnx"),
                              input_names=["pictures"], opset_version=13)
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])

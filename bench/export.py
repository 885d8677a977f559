"""Writes the networks of table.sh as ONNX files, with random weights and the batch sizes of the comparison.

Usage: python3 export.py FOLDER [NAME]...

Needs torch and torchvision. The names are those of `gestalt bench`.
"""

import os
import sys

import torch
import torchvision
from torch import nn


def vgg19_features(last):
    """The layers of VGG-19 up to relu4_1 or relu5_1."""
    return torchvision.models.vgg19().features[: {"relu4_1": 21, "relu5_1": 30}[last]]


class AdaIN(nn.Module):
    """Huang and Belongie (2017) for one given style: encoder to relu4_1, the content's statistics replaced by the
    style's, decoder."""

    def __init__(self):
        super().__init__()
        self.encoder = vgg19_features("relu4_1")
        self.register_buffer("mean", torch.rand(1, 512, 1, 1))
        self.register_buffer("deviation", torch.rand(1, 512, 1, 1))
        layers = []
        for step in [(512, 256), "up", (256, 256), (256, 256), (256, 256), (256, 128), "up", (128, 128), (128, 64), "up", (64, 64)]:
            if step == "up":
                layers.append(nn.Upsample(scale_factor=2, mode="nearest"))
            else:
                layers += [nn.ReflectionPad2d(1), nn.Conv2d(*step, 3), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.ReflectionPad2d(1), nn.Conv2d(64, 3, 3))

    def forward(self, pictures):
        content = self.encoder(pictures)
        mean = content.mean((2, 3), keepdim=True)
        variance = ((content - mean) ** 2).mean((2, 3), keepdim=True)
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

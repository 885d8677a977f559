"""Exports torchvision's networks with random weights as ONNX files, with what PyTorch computes for two random pictures.

Usage: python3 onnx.py FOLDER OPSET,OPSET,... NETWORK...

Writes FOLDER/NETWORK.OPSET.onnx, NETWORK.x (pictures as gestalt takes them, float32 [2, side, side, 3]) and NETWORK.y (the
logits). An opset that torch.onnx.export cannot write for a network is named and left out.
"""

import os
import sys
import warnings

import torch
import torchvision

warnings.filterwarnings("ignore")


def network(name):
    torch.manual_seed(0)
    extra = {}
    if name in ("googlenet", "inception_v3"):
        extra = dict(init_weights=False, transform_input=True)
    net = getattr(torchvision.models, name)(weights=None, **extra).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # what training leaves is not the identity
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.4, 1)
            module.bias.data.uniform_(-0.1, 0.1)
    for p in net.parameters():
        if p.abs().sum() == 0:  # the head of a vision transformer
            p.data.uniform_(-0.05, 0.05)
    return net


def main():
    folder, opsets, names = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    for name in names:
        net = network(name)
        side = 299 if name == "inception_v3" else 224
        x = torch.randn(2, 3, side, side)
        with torch.no_grad():
            y = net(x)
        for opset in opsets:
            path = os.path.join(folder, f"{name}.{opset}.onnx")
            axes = {"x": {0: "n"}, "y": {0: "n"}}
            try:
                torch.onnx.export(net, x[:1], path, opset_version=int(opset), input_names=["x"], output_names=["y"], dynamic_axes=axes)
            except Exception as e:
                print(f"{name} opset {opset}: torch.onnx.export: {str(e).splitlines()[0]}")
                if os.path.exists(path):
                    os.remove(path)
        x.permute(0, 2, 3, 1).contiguous().numpy().tofile(os.path.join(folder, name + ".x"))
        y.numpy().tofile(os.path.join(folder, name + ".y"))


main()

"""Writes jackson.json: what the networks of philipjackson/style-augmentation give, in PyTorch, for made-up parameters.

    python3 make_jackson.py [CHECKOUT]     (made with torch 1.13, torchvision 0.14)

The networks are written anew here, with that project's parameter names; the predictor is torchvision's Inception v3 cut
after Mixed_6e. With CHECKOUT, a working copy of the project, they are compared with the project's own first.

Parameters and pictures are made up by `draw` of ../../nets/testdata/make_fixtures.py, which the tests have in Go too.
"""
import json
import os
import sys

import torch
import torchvision
from torch import nn
from torch.nn import functional

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../nets/testdata"))
from make_fixtures import draw, fill  # noqa: E402


class Reflected(nn.Conv2d):
    """A convolution that mirrors the picture at its edges, and the normalisation of each picture that follows."""

    def forward(self, x):
        side = self.kernel_size[0] // 2
        return functional.instance_norm(super().forward(functional.pad(x, [side] * 4, mode="reflect")))


class Styled(nn.Module):
    def __init__(self, inputs, outputs, kernel, numbers=("",)):
        super().__init__()
        self.numbers = numbers
        for n in numbers:
            setattr(self, "conv" + n, Reflected(inputs, outputs, kernel))
            setattr(self, "fc_beta" + n, nn.Linear(100, outputs))
            setattr(self, "fc_gamma" + n, nn.Linear(100, outputs))

    def styled(self, x, z, n=""):
        beta, gamma = (getattr(self, name + n)(z)[:, :, None, None] for name in ("fc_beta", "fc_gamma"))
        return getattr(self, "conv" + n)(x) * gamma + beta


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(nn.Module() for _ in range(3))
        for layer, (inputs, outputs, kernel, stride) in zip(self.layers, [(3, 32, 9, 1), (32, 64, 3, 2), (64, 128, 3, 2)]):
            layer.conv = Reflected(inputs, outputs, kernel, stride)
        self.layers.extend(Styled(128, 128, 3, "12") for _ in range(5))
        self.layers.extend([Styled(128, 64, 3), Styled(64, 32, 3), Styled(32, 3, 9)])

    def forward(self, x, z):
        for layer in self.layers[:3]:
            x = layer.conv(x).relu()
        for block in self.layers[3:8]:
            x = x + block.styled(block.styled(x, z, "1").relu(), z, "2")
        for layer in self.layers[8:10]:
            x = layer.styled(functional.interpolate(x, scale_factor=2), z).relu()
        return self.layers[10].styled(x, z).sigmoid()


LAST = "Mixed_6e"


class Predictor(torchvision.models.Inception3):
    def __init__(self):
        super().__init__(aux_logits=False, init_weights=False)
        names = list(self._modules)
        for name in names[names.index(LAST) + 1 :]:
            delattr(self, name)
        self.fc = nn.Linear(768, 100)

    def forward(self, x, blue=0.225):
        """Pictures 0..1: normalised as torchvision's, then as Inception's weights want it."""
        mean, half = torch.tensor([0.485, 0.456, 0.406]), 0.5
        x = (x - mean[:, None, None]) / torch.tensor([0.229, 0.224, blue])[:, None, None]
        x = x * torch.tensor([0.229, 0.224, 0.225])[:, None, None] / half + (mean[:, None, None] - half) / half
        for module in list(self._modules.values())[:-1]:
            x = module(x)
        return self.fc(x.mean([2, 3]))


def pictures(name, n, h, w):
    return torch.from_numpy(draw(name, n * h * w * 3, 0, 1).reshape(n, h, w, 3)).permute(0, 3, 1, 2).contiguous()


def numbers(t):
    return [float(str(v)) for v in t.detach().flatten().numpy()]


def compare(checkout, transformer, predictor, x, z, y):
    sys.path.insert(0, checkout)
    from styleaug.ghiasi import Ghiasi
    from styleaug.stylePredictor import StylePredictor

    theirs = Ghiasi()
    theirs.load_state_dict(transformer.state_dict())
    print("transformer:", (theirs(x, z) - transformer(x, z)).abs().max().item())
    theirs = StylePredictor()
    theirs.load_state_dict(predictor.state_dict())
    print("predictor as the program runs it:", (theirs(y) - predictor.train()(y, blue=0.255)).abs().max().item())


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    transformer, predictor = fill(Transformer()), fill(Predictor())
    x, z = pictures("contents", 2, 24, 20), torch.from_numpy(draw("styles", 200, -1, 1).reshape(2, 100))
    y = pictures("paintings", 2, 83, 96)
    with torch.no_grad():
        state = {name: t.clone() for name, t in predictor.state_dict().items()}
        out = {
            "names": {name: list(t.shape) for m in (transformer, predictor) for name, t in m.state_dict().items()},
            "transformer": numbers(transformer(x, z).permute(0, 2, 3, 1).contiguous()),
            "predictor": numbers(predictor.eval()(y)),
            "compat": numbers(predictor.train()(y, blue=0.255)),
        }
        if len(sys.argv) > 1:
            predictor.load_state_dict(state)
            compare(sys.argv[1], transformer, predictor, x, z, y)
    with open(os.path.join(HERE, "jackson.json"), "w") as f:
        json.dump(out, f, separators=(",", ":"))

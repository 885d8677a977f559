"""Writes adain.json with PyTorch: AdaIN (Huang and Belongie 2017) as naoto0804/pytorch-AdaIN computes it, with made-up
weights and pictures, so that no published file is needed.

    python3 make_adain.py          (made with torch 1.13)

stylized  for pictures of several sizes and alphas: the style vectors (mean and standard deviation of relu4_1 of the style
          picture) and what comes out, some values of each
training  for steps of training the decoder: the two losses, and for some of its parameters the gradients and by how much
          the step moves them

Parameters are called encoder.N.weight and decoder.N.weight by their modules' numbers; they and the pictures are made up
by `draw`, as nets/testdata/make_fixtures.py describes.
"""
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.use_deterministic_algorithms(True)
U64 = np.uint64


def draw(name, n, low, high):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = U64(seed) + np.arange(1, n + 1, dtype=U64) * U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z = z ^ (z >> U64(31))
    return (low + (high - low) * ((z >> U64(40)).astype(np.float64) / 2**24)).astype(np.float32)


def fill(module, prefix):
    with torch.no_grad():
        for name, t in module.state_dict().items():
            bound = 0.1 if t.dim() == 1 else (6 / np.prod(t.shape[1:], dtype=np.float64)) ** 0.5
            t.copy_(torch.from_numpy(draw(prefix + name, t.numel(), -bound, bound).reshape(t.shape)))
    return module


def pictures(name, n, h, w):
    x = draw(name, n * h * w * 3, 0, 1).reshape(n, h, w, 3)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def mirrored(channels, out):
    return [nn.ReflectionPad2d(1), nn.Conv2d(channels, out, 3)]


def make_encoder():
    """VGG-19 as far as relu4_1; TAPS are the modules whose outputs the style loss compares."""
    modules, channels, taps = [nn.Conv2d(3, 3, 1)], 3, []
    for stage, depth in enumerate([2, 2, 4, 1]):
        if stage:
            modules.append(nn.MaxPool2d(2, 2, ceil_mode=True))
        for i in range(depth):
            modules += mirrored(channels, 64 << stage) + [nn.ReLU()]
            channels = 64 << stage
            if i == 0:
                taps.append(len(modules) - 1)
    return fill(nn.Sequential(*modules), "encoder."), taps


def make_decoder():
    modules, channels = [], 512
    for stage in [[256], [256, 256, 256, 128], [128, 64], [64, 3]]:
        if modules:
            modules.append(nn.UpsamplingNearest2d(scale_factor=2))
        for out in stage:
            modules += mirrored(channels, out) + ([nn.ReLU()] if out > 3 else [])
            channels = out
    return fill(nn.Sequential(*modules), "decoder.")


def features(x):
    out = []
    for i, module in enumerate(encoder):
        x = module(x)
        if i in taps:
            out.append(x)
    return out


def statistics(x):
    flat = x.flatten(2)
    return flat.mean(2), (flat.var(2) + 1e-5).sqrt()


def adapt(content, style):
    (mean, std), (new_mean, new_std) = statistics(content), statistics(style)
    at = lambda v: v[:, :, None, None]
    return (content - at(mean)) / at(std) * at(new_std) + at(new_mean)


def some(t, n=48):
    """The elements i·len/n of a tensor laid out in one row, channels last."""
    if t.dim() == 4:
        t = t.permute(0, 2, 3, 1)
    flat = t.detach().contiguous().flatten()
    return [float(str(v)) for v in flat[torch.arange(n) * flat.numel() // n].numpy()]


def stylized():
    out = []
    for n, h, w, alpha in [(2, 48, 40, 1.0), (1, 32, 64, 0.3)]:
        with torch.no_grad():
            content, style = features(pictures("content", n, h, w))[-1], features(pictures("style", n, 32, 32))[-1]
            result = decoder(alpha * adapt(content, style) + (1 - alpha) * content)
        vectors = torch.cat(statistics(style), 1)
        out.append(
            {"n": n, "h": h, "w": w, "alpha": alpha}
            | {"largest": float(result.abs().max()), "pictures": some(result), "style": some(vectors)}
        )
    return out


BATCH, SIDE, RATE, DECAY, STYLE_WEIGHT = 2, 16, 1e-4, 5e-5, 10
STEPS = {0: 0, 7: 0, 5000: 30000}  # steps taken, counted from 0, with the weight of the total variation
TYPICAL = 30  # the size of the running means that are made up


def training():
    """Single steps of Adam, each from a state of its own. From one step to the next nothing could be compared: the first
    step of Adam is as long for a gradient of next to nothing as for any other, and rounding decides its sign."""
    out = []
    for step, variation_weight in STEPS.items():
        fill(decoder, f"decoder at {step}.")
        adam = torch.optim.Adam(decoder.parameters(), lr=RATE / (1 + DECAY * step))
        before = {n: p.detach().clone() for n, p in decoder.named_parameters()}
        for name, p in decoder.named_parameters() if step else []:
            made = lambda kind, low, high: torch.from_numpy(draw(f"{name} {kind} at {step}", p.numel(), low, high).reshape(p.shape))
            adam.state[p] = {
                "step": torch.tensor(float(step)),
                "exp_avg": made("mean", -TYPICAL, TYPICAL),
                "exp_avg_sq": made("square", TYPICAL**2 / 2, TYPICAL**2),
            }
        content, style = pictures(f"content {step}", BATCH, SIDE, SIDE), pictures(f"painting {step}", BATCH, SIDE, SIDE)
        with torch.no_grad():
            style = features(style)
            target = adapt(features(content)[-1], style[-1])
        picture = decoder(target)
        got = features(picture)
        content_loss = F.mse_loss(got[-1], target)
        style_loss = sum(F.mse_loss(a, b) for x, y in zip(got, style) for a, b in zip(statistics(x), statistics(y)))
        variation = picture.diff(dim=2).square().mean() + picture.diff(dim=3).square().mean()
        (content_loss + STYLE_WEIGHT * style_loss + variation_weight * variation).backward()
        gradients = {n: some(p.grad) for n, p in decoder.named_parameters() if n in SHOWN}
        adam.step()
        moves = {n: some(p - before[n]) for n, p in decoder.named_parameters() if n in SHOWN}
        adam.zero_grad()
        out.append(
            {"step": step, "variation_weight": variation_weight, "content": float(content_loss), "style": float(style_loss)}
            | {"gradients": gradients, "moves": moves}
        )
    return out


SHOWN = ["1.bias", "5.bias", "14.bias", "18.bias", "21.bias", "28.weight", "28.bias"]
encoder, taps = make_encoder()
encoder.requires_grad_(False)
decoder = make_decoder()
with open("adain.json", "w") as f:
    json.dump({"stylized": stylized(), "training": training()}, f, indent=1)
    f.write("\n")

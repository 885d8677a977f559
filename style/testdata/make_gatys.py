"""Writes gatys.json and lbfgs.json in this folder with PyTorch.

    python3 make_gatys.py     (made with torch 1.13)

gatys.json  made with made-up weights: for each setting, the loss at each iteration of the optimisation of Gatys et al. and
            some values of the picture that it ends with, in the network's numbers (blue, green, red, 0..255 less the mean);
            and, of L-BFGS from the content, each picture that it visits with its loss and gradient (float32, base64)
lbfgs.json  where torch.optim.LBFGS goes on a quadratic function and on Rosenbrock's

L-BFGS is followed freely only from noise and, with pictures of strong contrast, for fewer iterations. From the content its
first step, by 1 / |gradient| in all, moves each pixel so little that rounding makes up most of what the second derivatives
are taken from: at iteration 20 PyTorch's losses in float32 and in float64 are 1 to 3 % apart. From noise they part later.

Weights and pictures are made up by `draw` and `bounds`, which are those of nets/testdata/make_fixtures.py and of random.go.
"""
import base64
import json
import os

import numpy as np
import torch
from torch.nn import functional

FOLDER = os.path.dirname(os.path.abspath(__file__))
U64 = np.uint64
ITERATIONS = 20  # as many as one step of torch.optim.LBFGS does
MEAN = np.array([0.40760392, 0.45795686, 0.48501961], np.float32)  # of blue, green, red
STYLE = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}
CONTENT = "relu4_2"


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


def bounds(shape):
    bound = (6 / np.prod(shape[1:], dtype=np.float64)) ** 0.5 if len(shape) > 1 else 0.1
    return -bound, bound


def picture(name, h, w, contrast=128):
    """8-bit red, green, blue as the network takes it, [1, 3, h, w]."""
    pixels = draw(name, h * w * 3, 128 - contrast, 128 + contrast).astype(np.uint8).reshape(h, w, 3)
    x = (pixels[:, :, ::-1].astype(np.float32) / 255 - MEAN) * 255
    return torch.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1)))[None]


def kernels():
    made, channels = {}, 3
    for stage, depth in enumerate([2, 2, 4, 4, 1], 1):
        out = min(32 << stage, 512)
        for conv in range(1, depth + 1):
            name = f"conv{stage}_{conv}"
            w, b = (out, channels, 3, 3), (out,)
            made[name] = tuple(
                torch.from_numpy(draw(f"{name}.{k}", int(np.prod(s)), *bounds(s)).reshape(s))
                for k, s in (("weight", w), ("bias", b)))
            channels = out
    return made


def features(x, made, pool):
    out = {}
    for name, (weight, bias) in made.items():
        if name.endswith("_1") and name != "conv1_1":
            x = pool(x, 2)
        x = functional.relu(functional.conv2d(x, weight, bias, padding=1))
        out[name.replace("conv", "relu")] = x
    return out


def gram(x):
    n, c, h, w = x.shape
    x = x.view(n, c, h * w)
    return x @ x.transpose(1, 2) / (h * w)


def values(t):
    return t.detach().permute(0, 2, 3, 1).flatten().numpy()


def packed(t):
    return base64.b64encode(values(t).astype("<f4").tobytes()).decode()


def optimise(made, pool, optimizer, h=32, w=48, mask=None, contrast=128, noise=False, visit=False, keep=ITERATIONS):
    content, style = picture("content", h, w, contrast), picture("style", 40, 36, contrast)
    with torch.no_grad():
        wanted = features(content, made, pool)[CONTENT]
        painted = features(style, made, pool)
        grams = {name: gram(painted[name]) for name in STYLE}
    if mask is not None:
        for _ in range(3):
            mask = functional.avg_pool2d(mask, 2)
    x = content.clone()
    if noise:
        x = torch.from_numpy(draw("noise", h * w * 3, -1.5, 1.5).reshape(1, h, w, 3)).permute(0, 3, 1, 2).contiguous()
    x.requires_grad_(True)
    steps, losses, visited = optimizer([x]), [], []

    def closure():
        steps.zero_grad()
        seen = features(x, made, pool)
        loss = sum(1e3 / c**2 * functional.mse_loss(gram(seen[name]), grams[name]) for name, c in STYLE.items())
        difference = (seen[CONTENT] - wanted) ** 2
        loss = loss + (difference if mask is None else mask * difference).mean()
        loss.backward()
        losses.append(loss.item())
        visited.append({"x": packed(x), "gradient": packed(x.grad), "loss": loss.item()})
        return loss

    while len(losses) < ITERATIONS:
        steps.step(closure)
    if visit:
        return visited
    end = values(x)
    if keep < ITERATIONS:
        return {"losses": losses[:keep], "pixels": []}
    return {"losses": losses, "pixels": [float(v) for v in end[:: len(end) // 50]]}


def path(function, start, rate, steps):
    x = torch.tensor(start, requires_grad=True)
    optimizer, visited = torch.optim.LBFGS([x], lr=rate, max_iter=steps, history_size=5), []

    def closure():
        optimizer.zero_grad()
        loss = function(x)
        loss.backward()
        visited.append({"x": x.detach().tolist(), "loss": loss.item(), "gradient": x.grad.tolist()})
        return loss

    optimizer.step(closure)
    return visited


def main():
    torch.set_num_threads(2)
    made = kernels()
    lbfgs, adam = torch.optim.LBFGS, lambda p: torch.optim.Adam(p, lr=1)
    mask = torch.zeros(1, 1, 32, 48)
    mask[..., 8:24, 4:20] = 1
    with open(os.path.join(FOLDER, "gatys.json"), "w") as f:
        json.dump({
            "runs": {
                "lbfgs max noise": optimise(made, functional.max_pool2d, lbfgs, noise=True, keep=12),
                "lbfgs mean noise": optimise(made, functional.avg_pool2d, lbfgs, noise=True, keep=16),
                "lbfgs mean noise pale": optimise(made, functional.avg_pool2d, lbfgs, contrast=32, noise=True),
                "adam max": optimise(made, functional.max_pool2d, adam),
                "adam mean mask": optimise(made, functional.avg_pool2d, adam, mask=mask),
            },
            "visited": optimise(made, functional.max_pool2d, lbfgs, h=16, w=16, visit=True),
        }, f, indent=1)
    scale = torch.arange(1, 9, dtype=torch.float32)
    with open(os.path.join(FOLDER, "lbfgs.json"), "w") as f:
        json.dump({
            "quadratic": path(lambda x: (scale * x * x).sum() / 2 + x[0] * x[3] / 2, [1.0, -2.0, 3.0, -4.0, 5.0, -6.0, 7.0, 8.0], 1, 20),
            "rosenbrock": path(lambda x: 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2, [-1.2, 1.0], 0.5, 40),
        }, f)


if __name__ == "__main__":
    main()

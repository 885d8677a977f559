"""Writes the expected outputs in this folder with PyTorch.

    python3 make_fixtures.py [NAME]...     (made with torch 1.13, torchvision 0.14)

NAMEs are of the files to write, all if there are none.

losses.json     the losses of 50 training steps for some optimisers, computed by PyTorch in float32 and in float64, and some
                of the parameters and running statistics after them
schedules.json  learning rates of PyTorch's schedulers, step by step

The network is nets' resnet10_slim for 10 classes with made-up parameters; parameters and pictures are made up as in the
fixtures of package nets. The pictures of a class have a pattern in common, so that there is something to learn.
"""
import itertools
import json
import os
import sys
import warnings

import numpy as np
import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../nets/testdata"))
import make_fixtures as nets
import reference

torch.use_deterministic_algorithms(True)
warnings.filterwarnings("ignore", category=UserWarning)  # of SequentialLR, which calls its parts in a way that they deprecate
RAISE = 1  # is added to the biases of batch norms, as in nets, so that most numbers before ReLUs are far from 0
STEPS, BATCH, SIDE, CLASSES, BATCHES = 50, 16, 32, 10, 8


def labels(k):
    return [(7 * i + k) % CLASSES for i in range(BATCH)]


def pictures(noise, k):
    """Bytes [batch, height, width, 3]: a pattern of the class and noise."""
    n = SIDE * SIDE * 3
    noise = nets.draw(f"{noise} {k}", BATCH * n, 0, 160).reshape(BATCH, n)
    patterns = np.stack([nets.draw(f"pattern {c}", n, 0, 96) for c in labels(k)])
    return (noise + patterns).astype(np.uint8).reshape(BATCH, SIDE, SIDE, 3)


RUNS = {
    "momentum": dict(
        optimiser="sgd", momentum=0.9, weight_decay=5e-4, nesterov=False, label_smoothing=0.0, rate=0.005),
    "nesterov": dict(
        optimiser="sgd", momentum=0.9, weight_decay=5e-4, nesterov=True, label_smoothing=0.1, rate=0.005),
    "adamw": dict(
        optimiser="adamw", momentum=0.0, weight_decay=0.05, nesterov=False, label_smoothing=0.0, rate=2e-4),
}
SHOWN = ["conv1.weight", "layer2.0.bn1.weight", "layer3.0.bn2.running_mean", "layer3.0.bn2.running_var", "fc.bias"]


def train(run, noise, dtype):
    model = reference.resnet10_slim()
    model.fc = torch.nn.Linear(128, CLASSES)
    nets.steady(nets.fill(model), RAISE).to(dtype).train()
    if run["optimiser"] == "sgd":
        optimiser = torch.optim.SGD(
            model.parameters(), lr=run["rate"], momentum=run["momentum"], weight_decay=run["weight_decay"], nesterov=run["nesterov"])
    else:
        optimiser = torch.optim.AdamW(model.parameters(), lr=run["rate"], weight_decay=run["weight_decay"])
    schedule = warmed_cosine(optimiser)
    criterion = torch.nn.CrossEntropyLoss(label_smoothing=run["label_smoothing"])
    mean, std = (torch.tensor(v).reshape(1, 3, 1, 1) for v in nets.IMAGENET)
    losses, right = [], []
    for step in range(STEPS):
        x = torch.from_numpy(pictures(noise, step % BATCHES)).permute(0, 3, 1, 2).contiguous().float().div(255)
        x = x.sub(mean).div(std).to(dtype)
        y = torch.tensor(labels(step % BATCHES))
        optimiser.zero_grad()
        logits = model(x)
        loss = criterion(logits, y)
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(float(loss.float()))
        right.append(int((logits.argmax(1) == y).sum()))
    return losses, right, {n: nets.spread(t.float(), 12) for n, t in model.state_dict().items() if n in SHOWN}


def losses():
    """A number before a ReLU can be so near to 0 that rounding decides where the gradient goes; after that the losses of
    PyTorch's own float32 and float64 part by up to some thousandths. The first noise is taken with which they do not."""
    out = {}
    for name, run in RUNS.items():
        for noise in (f"noise {i}" for i in itertools.count()):
            (plain, right, _), (exact, _, after) = train(run, noise, torch.float32), train(run, noise, torch.float64)
            off = max(abs(a - b) for a, b in zip(plain, exact))
            print(f"{name}, {noise}: {plain[0]:.4f} to {plain[-1]:.4f}, float32 off by {off:.1e}", flush=True)
            if off < 1e-5:
                break
        six = lambda values: [float(f"{v:.6g}") for v in values]
        out[name] = {**run, "noise": noise, "float32": six(plain), "float64": six(exact), "right": right, "after": after}
    return out


def warmed_cosine(optimiser):
    scheduler = torch.optim.lr_scheduler
    return scheduler.SequentialLR(optimiser, [
        scheduler.LinearLR(optimiser, start_factor=0.1, total_iters=5),
        scheduler.CosineAnnealingLR(optimiser, T_max=STEPS - 5, eta_min=0.0),
    ], milestones=[5])


def schedules():
    scheduler = torch.optim.lr_scheduler
    out = {}
    for name, make in {
        "constant": lambda o: scheduler.LambdaLR(o, lambda _: 1),
        "warmed cosine": warmed_cosine,
        "cosine": lambda o: scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.003),
        "milestones": lambda o: scheduler.MultiStepLR(o, milestones=[10, 11, 40], gamma=0.1),
        "every": lambda o: scheduler.StepLR(o, step_size=20, gamma=0.3),
    }.items():
        optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
        schedule = make(optimiser)
        out[name] = []
        for _ in range(STEPS):
            out[name].append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            schedule.step()
    return out


if __name__ == "__main__":
    for make in losses, schedules:
        name = make.__name__
        if name in (sys.argv[1:] or [name]):
            with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".json"), "w") as f:
                f.write(nets.text(make()))

"""The peer of `gestalt bench --net vgg19_gatys`: an iteration of Gatys et al. (CVPR 2016) in PyTorch. VGG-19 to relu5_1, the
losses, their gradient with respect to the picture, a step of L-BFGS.

Usage: python3 gatys_pytorch.py [THREADS] [STEPS]

Prints the median milliseconds an iteration, of one picture of 224 pixels.
"""

import statistics
import sys
import time

import torch
import torchvision
from torch.nn import functional

STYLE = {1: 64, 6: 128, 11: 256, 20: 512, 29: 512}  # the modules and channels of relu1_1 to relu5_1
CONTENT = 22  # relu4_2


def features(net, x):
    seen = {}
    for i, module in enumerate(net):
        x = module(x)
        if i in STYLE or i == CONTENT:
            seen[i] = x
    return seen


def gram(x):
    n, c, h, w = x.shape
    x = x.view(n, c, h * w)
    return torch.bmm(x, x.transpose(1, 2)).div_(h * w)


torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 5
torch.manual_seed(1)
net = torchvision.models.vgg19().features[:30].eval().requires_grad_(False)
for module in net:
    if isinstance(module, torch.nn.ReLU):
        module.inplace = True
content = 50 * torch.randn(1, 3, 224, 224)
with torch.no_grad():
    targets = {i: x.clone() for i, x in features(net, content).items()}
    wanted = targets[CONTENT]
    grams = {i: gram(targets[i]) for i in STYLE}
picture = torch.randn(1, 3, 224, 224, requires_grad=True)
optimizer = torch.optim.LBFGS([picture], max_iter=steps + 1, tolerance_grad=0, tolerance_change=0)
times = []


def closure():
    times.append(time.perf_counter())
    optimizer.zero_grad()
    seen = features(net, picture)
    loss = sum(1e3 / c**2 * functional.mse_loss(gram(seen[i]), grams[i]) for i, c in STYLE.items())
    loss = loss + functional.mse_loss(seen[CONTENT], wanted)
    loss.backward()
    return loss


optimizer.step(closure)
# From one evaluation to the next: one iteration. The first one allocates.
print(f"{statistics.median(1e3 * (b - a) for a, b in zip(times[1:], times[2:])):.3f}")

"""The peer of `gestalt bench --net vgg19_gatys`: VGG-19 to relu5_1 and the gradient with respect to the picture, in
PyTorch.

Usage: python3 gatys_pytorch.py [THREADS] [STEPS]

Prints the median milliseconds a step, of one picture of 224 pixels.
"""

import statistics
import sys
import time

import torch
import torchvision

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 5
torch.manual_seed(1)
net = torchvision.models.vgg19().features[:30].eval().requires_grad_(False)
picture = torch.randn(1, 3, 224, 224, requires_grad=True)
times = []
for step in range(steps + 1):
    start = time.perf_counter()
    torch.autograd.grad(net(picture).sum(), picture)
    if step > 0:  # the first one allocates
        times.append((time.perf_counter() - start) * 1e3)
print(f"{statistics.median(times):.3f}")

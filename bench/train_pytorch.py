"""A training step of ResNet-18 or ResNet-50 in PyTorch, for comparison with
`gestalt bench --mode train`: forward, backward, SGD with momentum 0.9.

usage: python3 train_pytorch.py [resnet18|resnet50] [batch] [steps] [threads]

Prints the median milliseconds a picture.
"""
import statistics
import sys
import time

import torch
import torchvision

name = sys.argv[1] if len(sys.argv) > 1 else "resnet18"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 8
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 5
torch.set_num_threads(int(sys.argv[4]) if len(sys.argv) > 4 else 2)
torch.manual_seed(1)
net = getattr(torchvision.models, name)().train()
x, classes = torch.randn(batch, 3, 224, 224), torch.randint(0, 1000, (batch,))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
times = []
for step in range(steps + 1):
    start = time.perf_counter()
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x), classes).backward()
    optimizer.step()
    if step > 0:  # the first one allocates
        times.append((time.perf_counter() - start) * 1e3 / batch)
print(f"{statistics.median(times):.3f}")

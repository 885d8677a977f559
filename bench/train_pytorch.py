"""A training step of one of torchvision's networks, or of the small ResNets, in PyTorch, for comparison with
`gestalt bench --mode train`: forward, backward, SGD with momentum 0.9.

usage: python3 train_pytorch.py [network] [batch] [steps] [threads]

Pictures have 224 pixels, those of Inception v3 299, those of the small ResNets 64; auxiliary classifiers are left
out and dropout is off, as gestalt bench has it. Prints the median milliseconds a
picture and the peak resident memory in MB.
"""
import os
import resource
import statistics
import sys
import time

import torch
import torchvision

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../nets/testdata"))
import reference

name = sys.argv[1] if len(sys.argv) > 1 else "resnet18"
batch = int(sys.argv[2]) if len(sys.argv) > 2 else 8
steps = int(sys.argv[3]) if len(sys.argv) > 3 else 5
torch.set_num_threads(int(sys.argv[4]) if len(sys.argv) > 4 else 2)
torch.manual_seed(1)
options = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
net = (getattr(reference, name, None) or getattr(torchvision.models, name))(**options).train()
for module in net.modules():
    if isinstance(module, torch.nn.Dropout):
        module.eval()
size = 299 if name == "inception_v3" else 64 if "small" in name or "slim" in name else 224
x, classes = torch.randn(batch, 3, size, size), torch.randint(0, 1000, (batch,))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
times = []
for step in range(steps + 1):
    start = time.perf_counter()
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(net(x), classes).backward()
    optimizer.step()
    if step > 0:  # the first one allocates
        times.append((time.perf_counter() - start) * 1e3 / batch)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
print(f"{statistics.median(times):.3f} {peak:.0f}")

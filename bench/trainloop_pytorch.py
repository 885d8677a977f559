"""The training loop that BenchmarkLoop of package train measures, in PyTorch: a DataLoader on class folders, random resized
crop of 64 pixels, mirror image, normalisation; ResNet-18 whose stem is a 3x3 convolution with stride 2 and no pooling; SGD
with momentum 0.9 and weight decay 1e-4.

usage: python3 trainloop_pytorch.py FOLDER [batch] [steps] [workers] [threads]

Prints the milliseconds a picture, of the clock and of the processor (the workers' included).
"""
import os
import sys
import time

import torch
import torchvision
from torchvision import transforms

folder = sys.argv[1]
batch, steps, workers, threads = [int(v) for v in sys.argv[2:6]] + [32, 10, 2, 2][len(sys.argv[2:6]) :]
torch.set_num_threads(threads)
torch.manual_seed(1)
dataset = torchvision.datasets.ImageFolder(
    folder,
    transforms.Compose(
        [
            transforms.RandomResizedCrop(64),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    ),
)
loader = torch.utils.data.DataLoader(dataset, batch_size=batch, shuffle=True, num_workers=workers, drop_last=True)
net = torchvision.models.resnet18(num_classes=len(dataset.classes))
net.conv1 = torch.nn.Conv2d(3, 64, 3, 2, 1, bias=False)
net.maxpool = torch.nn.Identity()
net.train()
optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
loss = torch.nn.CrossEntropyLoss()


def cpu(pids):
    """Seconds of the processor that this process and some others have had."""
    spent = sum(os.times()[:2])
    for pid in pids:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


batches = iter(loader)
pids = [w.pid for w in batches._workers] if workers else []
for step in range(steps + 2):
    if step == 2:  # the first ones allocate, and the workers start
        start, start_cpu = time.perf_counter(), cpu(pids)
    x, labels = next(batches)
    optimizer.zero_grad()
    loss(net(x), labels).backward()
    optimizer.step()
pictures = steps * batch
print(f"{(time.perf_counter() - start) * 1e3 / pictures:.3f} {(cpu(pids) - start_cpu) * 1e3 / pictures:.3f}")

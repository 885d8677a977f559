"""The peer of `gestalt bias` in bias.sh: a plain PyTorch script with a DataLoader of two workers.

Usage: python3 bias_pytorch.py WEIGHTS.safetensors STIMULI_FOLDER OUT.csv [THREADS]
Shows every picture of the class folders to SqueezeNet 1.1 and writes one decision a line.
"""

import json
import os
import struct
import sys

import numpy as np
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

SIXTEEN = json.load(open(os.environ["SIXTEEN_CLASSES"]))


def load_safetensors(path):
    raw = open(path, "rb").read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    header.pop("__metadata__", None)
    state = {}
    for name, t in header.items():
        lo, hi = t["data_offsets"]
        state[name] = torch.from_numpy(np.frombuffer(raw[8 + n + lo : 8 + n + hi], "<f4").reshape(t["shape"]).copy())
    return state


def main(weights, folder, out, threads=None):
    if threads:
        torch.set_num_threads(int(threads))
    names = sorted(SIXTEEN)
    net = torchvision.models.squeezenet1_1()
    net.load_state_dict(load_safetensors(weights))
    net.eval()
    data = datasets.ImageFolder(
        folder,
        transforms.Compose(
            [
                transforms.ToTensor(),
                transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            ]
        ),
    )
    loader = DataLoader(data, batch_size=8, num_workers=2, shuffle=False)
    decisions = []
    with torch.no_grad():
        for x, _ in loader:
            p = torch.softmax(net(x), 1)
            scores = torch.stack([p[:, SIXTEEN[c]].mean(1) for c in names], 1)
            decisions += [names[i] for i in scores.argmax(1).tolist()]
    with open(out, "w") as f:
        for (path, _), decision in zip(data.samples, decisions):
            f.write(f"{os.path.basename(path)},{decision}\n")


main(*sys.argv[1:])

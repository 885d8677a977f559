"""The peer of `gestalt eval` in eval.sh: a plain torchvision script with a DataLoader of two workers.

Usage: python3 eval_pytorch.py NETWORK WEIGHTS.safetensors PICTURES OUT.csv [THREADS]
NETWORK is torchvision's name, PICTURES a folder of pictures whose names begin with a WordNet id, one of each class. It
writes a line for each picture: name, the five most probable classes. mobilenet_v2 is evaluated as TensorFlow's, with
mean and standard deviation 0.5 and padding at the bottom and right at stride 2.
"""

import json
import os
import struct
import sys

import numpy as np
import torch
import torchvision
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms


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


def pad_like_tensorflow(net):
    """Moves the padding of 3x3 convolutions at stride 2 to the bottom and right."""
    for module in list(net.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Conv2d) and child.stride == (2, 2) and child.kernel_size == (3, 3):
                child.padding = (0, 0)
                module._modules[name] = torch.nn.Sequential(torch.nn.ZeroPad2d((0, 1, 0, 1)), child)


class Pictures(Dataset):
    def __init__(self, folder, transform):
        self.folder, self.transform, self.names = folder, transform, sorted(os.listdir(folder))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, i):
        return self.transform(Image.open(os.path.join(self.folder, self.names[i])).convert("RGB"))


def main(network, weights, folder, out, threads=None):
    if threads:
        torch.set_num_threads(int(threads))
    net = getattr(torchvision.models, network)()
    net.load_state_dict(load_safetensors(weights))
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    if network == "mobilenet_v2":
        pad_like_tensorflow(net)
        mean = std = [0.5] * 3
    net.eval()
    data = Pictures(
        folder,
        transforms.Compose(
            [
                transforms.Resize(256),
                transforms.CenterCrop(224),
                transforms.ToTensor(),
                transforms.Normalize(mean, std),
            ]
        ),
    )
    top = []
    with torch.no_grad():
        for x in DataLoader(data, batch_size=8, num_workers=2, shuffle=False):
            top += torch.softmax(net(x), 1).topk(5).indices.tolist()
    with open(out, "w") as f:
        for name, classes in zip(data.names, top):
            f.write(",".join([name] + [str(c) for c in classes]) + "\n")


main(*sys.argv[1:])

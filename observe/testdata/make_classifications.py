"""Makes classifications.csv: the five most probable classes of each photograph of imagenet-sample-256.tar, computed
with PyTorch and torchvision from the same weights, with torchvision's transforms.

Usage: python3 make_classifications.py SHARED > classifications.csv
Needs torch, torchvision, Pillow, numpy. The published MobileNet v2 here is TensorFlow's: mean and standard deviation
0.5, and at stride 2 it pads at the bottom and right only.
"""

import io
import json
import struct
import sys
import tarfile

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import transforms

IMAGENET = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])


def load_safetensors(path):
    raw = open(path, "rb").read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    header.pop("__metadata__", None)
    data = raw[8 + n :]
    return {
        name: torch.from_numpy(
            np.frombuffer(data[t["data_offsets"][0] : t["data_offsets"][1]], "<f4").reshape(t["shape"]).copy()
        )
        for name, t in header.items()
    }


def pad_like_tensorflow(net):
    """Moves the padding of 3x3 convolutions at stride 2 to the bottom and right."""
    for module in list(net.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, torch.nn.Conv2d) and child.stride == (2, 2) and child.kernel_size == (3, 3):
                child.padding = (0, 0)
                module._modules[name] = torch.nn.Sequential(torch.nn.ZeroPad2d((0, 1, 0, 1)), child)
    return net


def load(shared, name, prepare=lambda net: net):
    net = getattr(torchvision.models, name)()
    net.load_state_dict(load_safetensors(f"{shared}/weights/{name}.safetensors"))
    return prepare(net).eval()


def main(shared):
    crop = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()])
    networks = {
        "squeezenet1_1": (load(shared, "squeezenet1_1"), *IMAGENET),
        "shufflenet_v2_x1_0": (load(shared, "shufflenet_v2_x1_0"), *IMAGENET),
        "mobilenet_v2": (load(shared, "mobilenet_v2", pad_like_tensorflow), [0.5] * 3, [0.5] * 3),
    }
    print("picture," + ",".join(networks))
    with tarfile.open(shared + "/data/imagenet-sample-256.tar") as tar, torch.no_grad():
        for m in sorted((m for m in tar.getmembers() if m.name.endswith(".jpg")), key=lambda m: m.name):
            x = crop(Image.open(io.BytesIO(tar.extractfile(m).read())).convert("RGB"))
            row = [m.name.split("/")[-1]]
            for net, mean, std in networks.values():
                logits = net(transforms.functional.normalize(x, mean, std)[None])[0]
                row.append(" ".join(str(c) for c in logits.topk(5).indices.tolist()))
            print(",".join(row))


main(sys.argv[1])

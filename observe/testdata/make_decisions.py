"""Makes decisions.csv: what SqueezeNet 1.1 answers to the published stimuli, computed with PyTorch.

Usage: python3 make_decisions.py SHARED > decisions.csv
Needs torch, torchvision, Pillow, numpy. The rules are those of section 2 of the measure's specification: softmax over
1,000 classes, mean over the classes of each of the 16 categories, the alphabetically first of equal scores.
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


def main(shared):
    categories = json.load(open(shared + "/reference/sixteen-class.json"))
    names = sorted(categories)
    net = torchvision.models.squeezenet1_1()
    net.load_state_dict(load_safetensors(shared + "/weights/squeezenet1_1.safetensors"))
    net.eval()
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    print("stimuli,picture,response")
    for stimuli in ["cue-conflict-half", "edges", "filled-silhouettes"]:
        with tarfile.open(f"{shared}/geirhos/{stimuli}.tar") as tar:
            members = sorted((m for m in tar.getmembers() if m.name.endswith(".png")), key=lambda m: m.name)
            for m in members:
                picture = Image.open(io.BytesIO(tar.extractfile(m).read())).convert("RGB")
                x = (torchvision.transforms.functional.to_tensor(picture) - mean) / std
                with torch.no_grad():
                    p = torch.softmax(net(x[None])[0].double(), 0)
                scores = [p[categories[c]].mean().item() for c in names]
                print(f"{stimuli},{m.name.split('/')[-1]},{names[int(np.argmax(scores))]}")


main(sys.argv[1])

"""Writes top5.json: PyTorch's top-5 of SqueezeNet 1.1 for every STEP-th photograph of imagenet-sample-256.tar.

    python3 make_top5.py SHARED [STEP [OUT]]

SHARED is the directory of test data (GESTALT_SHARED). STEP 1 gives all 1,000, to compare with
    gestalt predict --model squeezenet1_1 --json SHARED/data/imagenet-sample-256.tar
by  python3 make_top5.py --compare top5.json predictions.json
Made with torch 1.13, torchvision 0.14, Pillow 9.4.
"""
import io
import json
import os
import struct
import sys
import tarfile

import numpy as np


def load_safetensors(torch, path):
    with open(path, "rb") as f:
        raw = f.read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    header.pop("__metadata__", None)
    state = {}
    for name, t in header.items():
        begin, end = (8 + n + o for o in t["data_offsets"])
        state[name] = torch.from_numpy(np.frombuffer(raw[begin:end], "<f4").reshape(t["shape"]).copy())
    return state


def make(shared, step=25, out="top5.json"):
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms

    torch.set_num_threads(1)
    net = torchvision.models.squeezenet1_1()
    net.load_state_dict(load_safetensors(torch, os.path.join(shared, "weights", "squeezenet1_1.safetensors")))
    net.eval()
    transform = transforms.Compose(
        [
            transforms.Resize(256),
            transforms.CenterCrop(224),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    expected = {}
    with tarfile.open(os.path.join(shared, "data", "imagenet-sample-256.tar")) as tar, torch.no_grad():
        members = sorted((m for m in tar if m.name.lower().endswith((".jpg", ".jpeg"))), key=lambda m: m.name)
        for m in members[:: int(step)]:
            image = Image.open(io.BytesIO(tar.extractfile(m).read())).convert("RGB")
            p, index = torch.softmax(net(transform(image)[None]), 1)[0].sort(descending=True, stable=True)
            expected[os.path.basename(m.name)] = {
                "classes": index[:5].tolist(),
                "probabilities": [float("%.6g" % v) for v in p[:6].tolist()],
            }
    with open(out, "w") as f:
        lines = (json.dumps(k) + ": " + json.dumps(v) for k, v in expected.items())
        f.write("{\n" + ",\n".join(lines) + "\n}\n")


def compare(expected, got):
    with open(expected) as f:
        expected = json.load(f)
    with open(got) as f:
        got = {os.path.basename(p["picture"]): p["classes"] for p in json.load(f)["pictures"]}
    assert expected.keys() == got.keys(), (len(expected), len(got))
    differ, worst = 0, 0.0
    for name, want in expected.items():
        classes = [c["index"] for c in got[name]]
        worst = max(worst, max(abs(c["probability"] - p) for c, p in zip(got[name], want["probabilities"])))
        if classes != want["classes"]:
            differ += 1
            print(name, "got", classes, "want", want["classes"], want["probabilities"])
    print(f"{len(expected)} pictures, {differ} with another top-5, probabilities differ by at most {worst:.2g}")


if sys.argv[1] == "--compare":
    compare(*sys.argv[2:])
else:
    make(*sys.argv[1:])

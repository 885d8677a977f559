"""ResNet-50 from PyTorch to gestalt and back: the logits must be the same.

    make build && python3 bench/torch_roundtrip.py bin/gestalt [PHOTOGRAPH.jpg]

Needs torch and torchvision (made with 1.13 and 0.14), no network and no published weights. In a temporary folder, with
random weights:

1. torchvision saves the state_dict in four ways: .pth, the format before PyTorch 1.6, a checkpoint of DataParallel with
   an optimiser, and one without the counters num_batches_tracked, which old files do not have.
2. `gestalt models convert --net resnet50` writes each as safetensors.
3. torchvision reads that by load_state_dict(strict=True): every tensor, and the logits, must be equal to the last bit.
4. `gestalt predict` shows the photograph to each .pth and each .safetensors file. Its 1,000 probabilities must be those
   of torchvision: the largest difference of their logarithms, relative to the largest logit, within 1e-4, and the same
   digits for all eight files.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image

TYPES = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I64": "<i8"}


def load_safetensors(path):
    raw = open(path, "rb").read()
    (n,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + n])
    header.pop("__metadata__", None)
    body = raw[8 + n :]
    return {
        name: torch.from_numpy(np.frombuffer(body[slice(*t["data_offsets"])], TYPES[t["dtype"]]).reshape(t["shape"]).copy())
        for name, t in header.items()}


def photograph(path):
    if path is None:  # something with edges and colours
        y, x = np.mgrid[:300, :400]
        picture = np.stack([x * 255 / 400, y * 255 / 300, 127 + 127 * np.sin(x / 9) * np.cos(y / 7)], axis=2)
        return Image.fromarray(picture.astype(np.uint8))
    return Image.open(path).convert("RGB")


def main(gestalt, path=None):
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    net = torchvision.models.resnet50(weights=None).train()
    with torch.no_grad():  # running statistics, and norms, that are not those of the beginning
        for name, p in net.named_parameters():
            if p.dim() == 1 and not name.startswith("fc"):
                p.add_(0.1 * torch.randn_like(p))
        for _ in range(2):
            net(torch.randn(4, 3, 96, 96))
    net.eval()
    state = net.state_dict()
    optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    files = {
        "plain.pth": (state, {}),
        "legacy.pth": (state, {"_use_new_zipfile_serialization": False}),
        "checkpoint.pth.tar": ({
            "epoch": 90, "arch": "resnet50", "best_acc1": torch.tensor(76.1), "optimizer": optimiser.state_dict(),
            "state_dict": torch.nn.DataParallel(net).state_dict()}, {}),
        "uncounted.pth": ({k: v for k, v in state.items() if "num_batches" not in k}, {}),
    }
    look = torchvision.transforms.Compose([
        torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor(),
        torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    image = photograph(path)
    with torch.no_grad():
        logits = net(look(image)[None])[0]
    want = torch.log_softmax(logits.double(), 0).numpy()
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        image.save(folder / "photograph.png")
        for name, (value, options) in files.items():
            torch.save(value, folder / name, **options)
            converted = folder / (name.split(".")[0] + ".safetensors")
            subprocess.run([gestalt, "models", "convert", "--net", "resnet50", folder / name, converted],
                           check=True, stdout=subprocess.DEVNULL)
            back = torchvision.models.resnet50(weights=None).eval()
            back.load_state_dict(load_safetensors(converted), strict=True)
            for key, tensor in back.state_dict().items():
                if name != "uncounted.pth" or "num_batches" not in key:
                    assert torch.equal(tensor, state[key]), key
            with torch.no_grad():
                assert torch.equal(back(look(image)[None])[0], logits), name
            for file in folder / name, converted:
                run = subprocess.run([gestalt, "predict", "--json", "--top", "1000", "--model", f"resnet50={file}", folder / "photograph.png"],
                                     check=True, stdout=subprocess.PIPE)
                got = np.zeros(1000)
                for c in json.loads(run.stdout)["pictures"][0]["classes"]:
                    got[c["index"]] = np.log(c["probability"])
                seen.add(got.tobytes())
                error = np.abs(got - want).max() / logits.abs().max().item()
                print(f"{file.name:24} logits off by {error:.1e} of the largest")
                assert error < 1e-4
    assert len(seen) == 1, "the files do not all give the same"
    print("torchvision reads what gestalt has written with equal logits; gestalt reads both with equal digits")


if __name__ == "__main__":
    main(*sys.argv[1:3])

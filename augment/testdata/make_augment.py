"""Makes augment.png and augment.json: what torchvision 0.14 on Pillow 9.4 does to a picture, and how it draws crops.

augment.png holds, from the top, a picture of 40 x 32 pixels and the results of the operations in augment.json. augment.json
has those operations, and for settings of RandomResizedCrop and RandomCrop how 40,000 draws were distributed.
Run: python3 make_augment.py
"""
import json

import numpy as np
import torch
from PIL import Image
from torchvision import transforms
from torchvision.transforms import functional as F

W, H = 40, 32
rng = np.random.default_rng(1)
smooth = np.stack(np.meshgrid(np.linspace(0, 255, W), np.linspace(0, 255, H)) + [np.full((H, W), 90.0)], -1)
pixels = np.clip(smooth + rng.normal(0, 60, (H, W, 3)), 0, 255).astype(np.uint8)
pixels[:4] = rng.integers(0, 256, (4, W, 3))  # any colour
pixels[4] = np.arange(W)[:, None] * 6  # greys
pixels[5] = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255], [0, 0, 0], [255, 255, 255]] * 5)
picture = Image.fromarray(pixels)

strips, operations = [pixels], []


def add(name, numbers, result):
    out = np.asarray(result)
    padded = np.zeros((H, W, 3), np.uint8)
    padded[: out.shape[0], : out.shape[1]] = out
    strips.append(padded)
    operations.append({"name": name, "numbers": numbers, "w": out.shape[1], "h": out.shape[0]})


for f in (0.0, 0.6, 0.87, 1.0, 1.4, 3.1):
    add("brightness", [f], F.adjust_brightness(picture, f))
    add("contrast", [f], F.adjust_contrast(picture, f))
    add("saturation", [f], F.adjust_saturation(picture, f))
for f in (-0.5, -0.3, -0.0123, 0.0, 0.04, 0.21, 0.5):
    add("hue", [f], F.adjust_hue(picture, f))
add("flip", [], F.hflip(picture))
for top, left, h, w, size in ((3, 5, 20, 11, 32), (0, 0, 32, 40, 16), (31, 39, 1, 1, 8), (8, 2, 24, 24, 24)):
    add("resized crop", [left, top, w, h, size], F.resized_crop(picture, top, left, h, w, [size, size]))
for left, top in ((-4, -4), (0, 3), (16, 7)):
    padded = F.pad(picture, [4])
    add("padded crop", [left, top, 28], F.crop(padded, top + 4, left + 4, 28, 28))
add("centre", [26, 20], F.center_crop(F.resize(picture, 26), [20, 20]))

Image.fromarray(np.concatenate(strips)).save("augment.png", optimize=True)

torch.manual_seed(1)
DRAWS, SHARES = 40000, np.linspace(0.1, 0.9, 9)


class Sized:
    """An object that torchvision takes for a picture of a size."""

    def __new__(cls, w, h):
        return Image.new("L", (w, h))


def distribution(values):
    """Values, and which share of all is not above them."""
    at = np.unique(np.quantile(values, SHARES, method="lower"))
    return {"at": at.tolist(), "share": [(values <= v).mean() for v in at]}


def distributions(boxes):
    y, x, h, w = np.array(boxes).T
    return {"x": distribution(x), "y": distribution(y), "w": distribution(w), "h": distribution(h), "area": distribution(w * h), "right": distribution(x + w)}


crops = []
for w, h, scale, ratio in (
    (64, 64, (0.08, 1.0), (3 / 4, 4 / 3)),
    (500, 375, (0.08, 1.0), (3 / 4, 4 / 3)),
    (64, 64, (0.35, 1.0), (1.0, 1.0)),
    (300, 40, (0.1, 1.0), (3 / 4, 4 / 3)),  # often nothing fits
    (40, 300, (0.5, 1.0), (3 / 4, 4 / 3)),  # nothing ever fits
):
    img = Sized(w, h)
    boxes = [transforms.RandomResizedCrop.get_params(img, scale, ratio) for _ in range(DRAWS)]
    crops.append({"w": w, "h": h, "scale": scale, "ratio": ratio, "of": distributions(boxes)})
img = Sized(32 + 8, 32 + 8)
boxes = [transforms.RandomCrop.get_params(img, (32, 32)) for _ in range(DRAWS)]
padding = distributions(boxes)

jitter = transforms.ColorJitter(0.4, 0.4, 2.0, 0.1)
drawn = [jitter.get_params(jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue) for _ in range(DRAWS)]
factors = {name: distribution(np.array([d[i + 1] for d in drawn])) for i, name in enumerate(("brightness", "contrast", "saturation", "hue"))}
first = np.bincount([int(d[0][0]) for d in drawn], minlength=4) / DRAWS

with open("augment.json", "w") as f:
    json.dump({"operations": operations, "draws": DRAWS, "crops": crops, "padded": padding,
               "jitter": factors, "first": first.tolist()}, f, indent=None, separators=(",", ":"))
    f.write("\n")

"""The peer of `gestalt stylize --method adain`: naoto0804/pytorch-AdaIN's loop over pictures, in PyTorch. Each picture is
opened, resized and cropped, repainted with a style of its own, which goes through the encoder too, and saved as JPEG.

    python3 adain_pytorch.py weights FOLDER                         writes vgg_normalised.pth and decoder.pth, made up
    python3 adain_pytorch.py stylize FOLDER PICTURES STYLES OUT     with two threads

Needs torch, torchvision and Pillow.
"""

import os
import sys

import torch
from PIL import Image
from torchvision import transforms
from torchvision.utils import save_image

from export import AdaIN


def pictures(folder):
    return sorted(os.path.join(d, f) for d, _, files in os.walk(folder) for f in files if f.endswith(".jpg"))


def statistics(x):
    return x.mean((2, 3), keepdim=True), (x.var((2, 3), keepdim=True) + 1e-5).sqrt()


def stylize(weights, contents, styles, out):
    torch.set_num_threads(2)
    net = AdaIN().eval()
    net.encoder.load_state_dict(torch.load(weights + "/vgg_normalised.pth"))
    net.decoder.load_state_dict(torch.load(weights + "/decoder.pth"))
    prepare = lambda resize: transforms.Compose([transforms.Resize(resize), transforms.CenterCrop(224), transforms.ToTensor()])
    content_of, style_of, styles = prepare(256), prepare(224), pictures(styles)
    for i, path in enumerate(pictures(contents)):
        content = content_of(Image.open(path).convert("RGB"))[None]
        style = style_of(Image.open(styles[i % len(styles)]).convert("RGB"))[None]
        with torch.no_grad():
            content, style = net.encoder(content), net.encoder(style)
            (mean, deviation), (new_mean, new_deviation) = statistics(content), statistics(style)
            result = net.decoder((content - mean) / deviation * new_deviation + new_mean)
        save_image(result, os.path.join(out, f"{i}.jpg"))


def write(folder):
    torch.manual_seed(1)
    net = AdaIN()
    torch.save(net.encoder.state_dict(), folder + "/vgg_normalised.pth")
    torch.save(net.decoder.state_dict(), folder + "/decoder.pth")


if __name__ == "__main__":
    {"weights": write, "stylize": stylize}[sys.argv[1]](*sys.argv[2:])

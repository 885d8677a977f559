"""Writes the expected outputs in this folder with torchvision, and with reference.py for what that has not.

    python3 make_fixtures.py SHARED [NAME]...     (made with torch 1.13, torchvision 0.14, Pillow 9.4)

SHARED is the folder of shared test data; the photograph is in its data/imagenet-sample-256.tar. NAMEs are of the files to
write, all if there are none.

parity.json      for each network: the number of learned parameters, and the logits of the first classes for two
                 pictures, with made-up parameters
photograph.json  the same for a photograph, prepared as each network wants it and small
features.json    inner activations of a VGG by the names of the literature
training.json    for each network in training mode: loss, gradients and running statistics after one step; for VGGs also
                 of one that ends with the last pooling
batchnorm.json   one batch normalisation in training mode: output, gradients and running statistics
normalize.json   ToTensor and Normalize of every 8-bit value

Parameters and pictures are made up by `draw`, which TestParity has in Go too: element i of the tensor called name is
the i-th output of splitmix64 seeded with the 64-bit FNV-1a hash of the name, its upper 24 bits as a number in [0, 1).
"""
import copy
import io
import itertools
import json
import sys
import tarfile

import numpy as np
import PIL.Image
import torch
import torchvision
from torchvision import transforms

import reference

torch.manual_seed(0)
torch.use_deterministic_algorithms(True)
U64 = np.uint64
SHOWN = 40  # logits per picture


def draw(name, n, low, high):
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        z = U64(seed) + np.arange(1, n + 1, dtype=U64) * U64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> U64(30))) * U64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> U64(27))) * U64(0x94D049BB133111EB)
        z = z ^ (z >> U64(31))
    u = (z >> U64(40)).astype(np.float64) / 2**24
    return (low + (high - low) * u).astype(np.float32)


def bounds(name, shape):
    """Kernels keep the variance of a ReLU network's activations (He et al.); batch norms are near the identity."""
    if len(shape) > 1:
        b = (6 / np.prod(shape[1:], dtype=np.float64)) ** 0.5
        return -b, b
    if name.endswith("weight"):
        return 0.4, 1.0  # below 1, or the sums of a deep ResNet grow with every block
    if name.endswith("running_var"):
        return 0.5, 1.5
    return -0.1, 0.1


def fill(model):
    with torch.no_grad():
        for name, t in model.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                t.copy_(torch.from_numpy(draw(name, t.numel(), *bounds(name, t.shape)).reshape(t.shape)))
    return model


def pictures(n, h, w, name="pictures"):
    x = draw(name, n * h * w * 3, -2, 2).reshape(n, h, w, 3)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def numbers(t):
    """float32 values with the fewest digits that tell them apart."""
    return [float(str(v)) for v in t.detach().flatten().numpy()]


# Pictures odd and not square, so that every rounding of a size matters. For one network of each family whose classifier
# depends on the size (by adaptive pooling) or that looks another way at its usual size, one picture of that size too.
SMALL = [2, 71, 66]
NETWORKS = {
    "alexnet": [[2, 131, 100], [1, 224, 224]],
    "vgg11": [SMALL],
    "vgg13": [SMALL],
    "vgg16": [SMALL, [1, 224, 224]],
    "vgg19": [SMALL],
    "vgg11_bn": [SMALL],
    "vgg13_bn": [SMALL],
    "vgg16_bn": [SMALL],
    "vgg19_bn": [SMALL],
    "googlenet": [SMALL, [1, 224, 224]],
    "inception_v3": [[2, 101, 96], [1, 299, 299]],
    "squeezenet1_0": [SMALL],
    "squeezenet1_1": [SMALL],
    "resnet18": [SMALL],
    "resnet34": [SMALL],
    "resnet50": [SMALL],
    "resnet101": [SMALL],
    "resnet152": [SMALL],
    "resnet18_small": [SMALL],
    "resnet34_small": [SMALL],
    "resnet18_small_pooled": [SMALL, [1, 64, 64]],
    "resnet10_slim": [SMALL, [1, 33, 32]],
    "shufflenet_v2_x0_5": [SMALL],
    "shufflenet_v2_x1_0": [SMALL],
    "shufflenet_v2_x1_5": [SMALL],
    "shufflenet_v2_x2_0": [SMALL],
    "mobilenet_v2": [SMALL],
    "mobilenet_v2_tf": [SMALL, [1, 64, 64]],
    "densenet121": [SMALL],
    "bagnet9": [SMALL],
    "bagnet17": [SMALL],
    "bagnet33": [SMALL],
}


def network(name):
    """The network as it is with published weights, but with made-up ones."""
    changes = {}
    if name in ("googlenet", "inception_v3"):
        changes = {"transform_input": True, "aux_logits": True, "init_weights": False}
    return fill((getattr(reference, name, None) or getattr(torchvision.models, name))(**changes))


def parity():
    out = {}
    for name, sizes in NETWORKS.items():
        model = network(name).eval()
        out[name] = {"parameters": sum(p.numel() for p in model.parameters()), "batches": []}
        for size in sizes:
            with torch.no_grad():
                logits = model(pictures(*size))
            shown = [numbers(row[:SHOWN]) for row in logits]
            out[name]["batches"].append({"size": size, "largest": float(logits.abs().max()), "logits": shown})
    return out


PHOTOGRAPH = "imagenet-sample-256/n03032252_cinema.jpg"
IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
NORMALIZE = {name: IMAGENET for name in NETWORKS}  # mean, standard deviation
NORMALIZE["mobilenet_v2_tf"] = [0.5] * 3, [0.5] * 3
RESIZE_CROP = {name: (256, 224) for name in NETWORKS}
RESIZE_CROP["inception_v3"] = 342, 299
RESIZE_CROP.update({name: (64, 64) for name in NETWORKS if name.startswith("resnet") and "_" in name})
SMALL_CROP = {"alexnet": 95, "inception_v3": 96}  # else 71, see photograph


def photograph():
    """At the size that each network wants, and as small as the slower engine takes it: resized to 110 pixels."""
    with tarfile.open(sys.argv[1] + "/data/imagenet-sample-256.tar") as tar:
        picture = PIL.Image.open(io.BytesIO(tar.extractfile(PHOTOGRAPH).read())).convert("RGB")
    out = {}
    for name in NETWORKS:
        model, out[name] = network(name).eval(), []
        for resize, crop in RESIZE_CROP[name], (110, SMALL_CROP.get(name, 71)):
            steps = transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor(), transforms.Normalize(*NORMALIZE[name])
            with torch.no_grad():
                logits = model(transforms.Compose(steps)(picture)[None])
            shown = numbers(logits[0, :SHOWN])
            out[name].append({"resize": resize, "crop": crop, "largest": float(logits.abs().max()), "logits": shown})
    return out


def features():
    """Of VGGs, whose module of each name is told by counting convolutions and poolings; 24 values spread over each. All of
    VGG-19, of the others what the last pooling puts out."""
    out = {}
    for vgg in [name for name in NETWORKS if name.startswith("vgg")]:
        stage, number, x, out[vgg] = 1, 0, pictures(1, 53, 46), {}
        for module in network(vgg).eval().features:
            module.inplace = False
            x = module(x)
            kind = type(module).__name__
            number += kind == "Conv2d"
            name = {"Conv2d": "conv%d_%d", "BatchNorm2d": "norm%d_%d", "ReLU": "relu%d_%d"}.get(kind, "pool%d")
            name = name % (stage, number)[: name.count("%d")]
            if kind == "MaxPool2d":
                stage, number = stage + 1, 0
            if vgg == "vgg19" or name == "pool5":
                nhwc = x.permute(0, 2, 3, 1)
                out[vgg][name] = {"shape": list(nhwc.shape), "spread": spread(nhwc, 24)}
    return out


def spread(t, n):
    """The elements i·len/n of a tensor laid out in one row."""
    flat = t.detach().flatten()
    return numbers(flat[torch.arange(n) * flat.numel() // n])


STEP = [2, 64, 64]
STEPS = {name: STEP for name in NETWORKS}  # pictures per network for a training step
STEPS["alexnet"] = [2, 95, 80]
STEPS["googlenet"] = [2, 96, 96]  # so that the last batch norms see more than 8 values
STEPS["inception_v3"] = [2, 299, 299]  # the least that its auxiliary head takes
RAISE = {"inception_v3": 3}  # else 1, see steady
# For training: the first set of pictures to try, else 0, and how far float32 may be off, else 1e-4. (In Inception v3 so much
# cancels that it is off by 4e-4 to 5e-3 on any pictures.)
PICTURES = {"bagnet33": 1, "bagnet9": 1, "densenet121": 5, "inception_v3": 6, "resnet152": 4, "resnet34_small": 2, "squeezenet1_0": 1, "vgg11_bn": 1, "vgg11_bn to pool5": 1, "vgg16": 1, "vgg16 to pool5": 1, "vgg16_bn": 3, "vgg16_bn to pool5": 3, "vgg19": 4, "vgg19 to pool5": 4}
OFF = {"inception_v3": 1e-3}


def shown(model):
    """Learned parameters from the first layer to the last: four kernels, the last batch norm, the last bias. (The bias of a
    convolution before a batch norm has no gradient but rounding.)"""
    named = list(model.named_parameters())
    kernels = [n for n, p in named if p.dim() > 1]
    norms = [n for n, m in model.named_modules() if isinstance(m, torch.nn.BatchNorm2d)]
    out = [kernels[i * (len(kernels) - 1) // 3] for i in range(4)] + [named[-1][0]]
    return out + [f"{norms[-1]}.weight", f"{norms[-1]}.bias"] if norms else out


def steady(model, more=1):
    """Adds 1 or more to the biases of batch norms, so that most numbers before ReLUs are far from 0. Else a deep network magnifies
    rounding until some numbers near 0 change their sign, and its gradients differ by percents even between float32 and
    float64 of PyTorch."""
    with torch.no_grad():
        for m in model.modules():
            if isinstance(m, torch.nn.BatchNorm2d):
                m.bias += more
    return model


class Trunk(torch.nn.Module):
    """A VGG without its classifier: the channels' means after the last pooling are the logits. Its gradients take a tenth of
    the memory of the whole network's."""

    def __init__(self, vgg):
        super().__init__()
        self.features = vgg.features

    def forward(self, x):
        return self.features(x).mean([2, 3])


def step(model, x):
    """Loss and gradients of a forward and backward pass without dropout, and the state after it. Heads beside the last
    count 0.3 (as in the GoogLeNet paper)."""
    model.train()
    for m in model.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
    logits = model(x)
    heads = [logits] if torch.is_tensor(logits) else list(logits)
    labels = torch.tensor([3, 1, 4, 15][: len(x)])
    losses = [torch.nn.functional.cross_entropy(h, labels) for h in heads]
    loss = losses[0] + 0.3 * sum(losses[1:])
    loss.backward()
    return loss, {n: p.grad for n, p in model.named_parameters() if p.requires_grad}, model.state_dict()


def training():
    """Computed in float64, and in float32 to choose the pictures. A number before a ReLU can be so near to 0, or the two
    largest of a pooling window so near to each other, that rounding decides where the gradient goes, and then gradients
    differ by up to some percents: on such pictures PyTorch's own float32 is off from its float64. So the first pictures
    are taken on which it is not."""
    out = {}
    for name, size in STEPS.items():
        model = steady(network(name), RAISE.get(name, 1))
        out[name] = gradients(name, model, size, RAISE.get(name, 1))
        if name.startswith("vgg"):
            trunk = name + " to pool5"
            out[trunk] = gradients(trunk, Trunk(model), size, 1)
    return out


def gradients(name, model, size, more):
    names = shown(model)
    for n, p in model.named_parameters():
        p.requires_grad = n in names
    for k in itertools.count(PICTURES.get(name, 0)):
        x = f"photographs {k}"
        loss, grads, state = step(copy.deepcopy(model).double(), pictures(*size, x).double())
        plain = step(copy.deepcopy(model), pictures(*size, x))[1]
        off = max(float((plain[n] - grads[n]).abs().max() / grads[n].abs().max()) for n in names)
        print(f"{name}, {x}: gradients of float32 are off by {off:.1e}", flush=True)
        if off < OFF.get(name, 1e-4):
            break
    stats = [n for n in state if "running" in n]
    return {
        "pictures": x,
        "size": size,
        "raise": more,
        "loss": float(loss),
        "gradients": {n: {"largest": float(grads[n].abs().max()), "spread": spread(grads[n].float(), 12)} for n in names},
        "statistics": {n: spread(state[n].float(), 12) for n in stats[-2:]},
    }


def batchnorm():
    """Of sum(y * g) with respect to x, weight and bias; all tensors NHWC."""
    n, h, w, c = 3, 4, 5, 6
    bn = fill(torch.nn.ModuleDict({"bn": torch.nn.BatchNorm2d(c)})).train()
    x = pictures(n, h, w * c // 3).permute(0, 2, 3, 1).reshape(n, h, w, c).permute(0, 3, 1, 2).clone().requires_grad_()
    y = bn["bn"](x)
    g = torch.from_numpy(draw("cotangent", y.numel(), -1, 1)).reshape(n, h, w, c).permute(0, 3, 1, 2)
    (y * g).sum().backward()
    nhwc = lambda t: numbers(t.permute(0, 2, 3, 1).contiguous())
    return {
        "shape": [n, h, w, c],
        "y": nhwc(y),
        "dx": nhwc(x.grad),
        "dweight": numbers(bn["bn"].weight.grad),
        "dbias": numbers(bn["bn"].bias.grad),
        "running_mean": numbers(bn["bn"].running_mean),
        "running_var": numbers(bn["bn"].running_var),
    }


def normalize():
    values = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    t = torchvision.transforms.ToTensor()(values)
    t = torchvision.transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])(t)
    return [numbers(channel) for channel in t]


def text(value):
    """JSON with a line for each entry of a dictionary, so that differences show what changed."""
    if isinstance(value, dict):
        return "{\n" + ",\n".join(json.dumps(k) + ":" + json.dumps(v, separators=(",", ":")) for k, v in value.items()) + "\n}\n"
    return json.dumps(value, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    for make in parity, photograph, features, training, batchnorm, normalize:
        name = make.__name__
        if name in (sys.argv[2:] or [name]):
            fixture = text(make())
            with open(name + ".json", "w") as f:
                f.write(fixture)

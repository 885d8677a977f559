"""Writes the .pth files that torch_test.go reads, and torch.json with what PyTorch itself reads from them.

    python3 make_torch.py        (torch 1.13)

Files written by other versions, of which only the records differ, are made by the test from these.
"""
import collections
import copyreg
import json
import pathlib
import pickle
import tempfile
import types as types_module
import unittest.mock as mock
import warnings

import numpy
import torch

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).parent
torch.manual_seed(1)


def network():
    net = torch.nn.Sequential(collections.OrderedDict(
        features=torch.nn.Sequential(torch.nn.Conv2d(2, 3, 3, bias=False), torch.nn.BatchNorm2d(3)),
        classifier=torch.nn.Linear(3, 2)))
    net.features(torch.randn(4, 2, 5, 5))  # so that the running statistics are not those of the beginning
    return net


def parallel(net, features_only):
    if features_only:
        net.features = torch.nn.DataParallel(net.features)
        return net
    return torch.nn.DataParallel(net)


shared = torch.arange(24, dtype=torch.float32)
types = collections.OrderedDict(
    half=torch.tensor([0.0, 1.5, -2.0, 65504.0], dtype=torch.float16),
    bfloat=torch.tensor([0.0, 1.5, -2.0, 3.140625], dtype=torch.bfloat16),
    double=torch.tensor([[0.1], [1e300]], dtype=torch.float64),
    int64=torch.tensor([-1, 1 << 40]), int32=torch.tensor([-5], dtype=torch.int32),
    int16=torch.tensor([-300], dtype=torch.int16), int8=torch.tensor([-128], dtype=torch.int8),
    uint8=torch.tensor([0, 255], dtype=torch.uint8), bool=torch.tensor([True, False]),
    scalar=torch.tensor(7), empty=torch.zeros(3, 0, 2))
views = collections.OrderedDict(
    whole=shared.view(2, 3, 4), middle=shared[5:11], transposed=shared.view(4, 6).t(),
    steps=shared[1::5], expanded=shared[3].expand(2, 5), channels_last=torch.arange(24.).view(1, 2, 3, 4).contiguous(
        memory_format=torch.channels_last), parameter=torch.nn.Parameter(torch.tensor([1.0, 2.0])),
    one=shared.view(1, 24)[:, 2:9])
net = network()
optimiser = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
net.classifier(torch.ones(1, 3)).sum().backward()
net.features(torch.randn(2, 2, 5, 5)).sum().backward()
optimiser.step()
checkpoint = {
    "epoch": 90, "arch": "tiny", "best_acc1": torch.tensor(71.5), "loss": numpy.float64(0.25), "betas": (0.9, 0.999),
    "classes": {"cat", "dog"}, "seen": collections.defaultdict(int, {3: 4}), "big": 1 << 70, "raw": b"\x00\xff",
    "device": torch.device("cpu"), "size": torch.Size([2, 3]), "dtype": torch.float16,
    "state_dict": parallel(network(), False).state_dict(), "optimizer": optimiser.state_dict()}



class OldPickler(pickle.Pickler):
    """Writes parameters and tensors as PyTorch 0.1 to 0.3 did; torch.Tensor.__setstate__ still reads them."""

    def reducer_override(self, value):
        if isinstance(value, torch.nn.Parameter):
            return copyreg.__newobj__, (torch.nn.Parameter,), (value.data, None, collections.OrderedDict(), True, False)
        if isinstance(value, torch.Tensor):
            return torch._utils._rebuild_tensor, (value.storage(), value.storage_offset(), tuple(value.size()), value.stride())
        return NotImplemented


old = types_module.SimpleNamespace(__name__="old", Pickler=OldPickler, dump=lambda value, file, protocol: OldPickler(file, protocol).dump(value))
files = {  # name: what is saved, and whether in the format before 1.6
    "plain.pth": (net.state_dict(), False), "plain_legacy.pth": (net.state_dict(), True),
    "types.pth": (types, False), "types_legacy.pth": (types, True),
    "views.pth": (views, False), "views_legacy.pth": (views, True),
    "checkpoint.pth": (checkpoint, False), "checkpoint_legacy.pth": (checkpoint, True),
    "parallel_features.pth": (parallel(network(), True).state_dict(), True),
    "old.pth": (network().state_dict(keep_vars=True), True),
    "module.pth": (network(), False), "module_legacy.pth": (network(), True),
}
want = {}
for name, (value, legacy) in files.items():
    # Without sources: the old format stores those of each module's class.
    with mock.patch("torch.serialization.get_source_lines_and_file", side_effect=OSError):
        torch.save(value, here / name, old if name == "old.pth" else pickle, _use_new_zipfile_serialization=not legacy)
    if isinstance(value, torch.nn.Module):
        continue
    tensors = torch.load(here / name)
    tensors = tensors.get("state_dict", tensors)
    want[name] = {
        k.replace("module.", ""): {
            "dtype": str(v.dtype).removeprefix("torch."), "shape": list(v.shape),
            "data": bytes(v.detach().contiguous().flatten().view(torch.uint8).tolist()).hex() if v.numel() else ""}
        for k, v in tensors.items()}


class Double(torch.nn.Module):
    def forward(self, x):
        return x + x


# A program in place of weights.
with tempfile.TemporaryDirectory() as d:
    torch.jit.script(Double()).save(d + "/script.pt")
    (here / "script.pt").write_bytes(pathlib.Path(d, "script.pt").read_bytes())
(here / "torch.json").write_text(json.dumps(want, indent=1) + "\n")

"""Pillow's side of pixel.sh: the cases of pixel/bench_test.go, one line a case: NAME MILLISECONDS of CPU time.

Usage: python3 pixel.py SHARED
"""

import io
import itertools
import sys
import tarfile
import time

from PIL import Image


def measure(name, f, seconds=0.3):
    """As Go's benchmarks do it: more and more repetitions until they take long enough, and the mean of those."""
    n, spent = 1, 0.0
    while spent < seconds:
        start = time.process_time()
        for _ in range(n):
            f()
        spent = time.process_time() - start
        mean = spent / n
        n = max(n + 1, min(int(1.2 * seconds / max(mean, 1e-9)), 100 * n))
    print(f"{name} {mean * 1e3:.4f}")


def resize(label, mode, w, h, to_w, to_h):
    gradient = Image.radial_gradient("L").resize((w, h))
    picture = gradient if mode == "L" else Image.merge(mode, [gradient] * len(mode))
    for name in ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]:
        f = getattr(Image.Resampling, name.upper())
        measure(f"Resize/{label}{w}x{h}-{to_w}x{to_h}/{name}", lambda: picture.resize((to_w, to_h), f))


def decode(name, files):
    measure(name, lambda: [Image.open(io.BytesIO(data)).convert("RGB") for data in files])


def members(path, choose):
    with tarfile.open(path) as tar:
        return [tar.extractfile(m).read() for m in choose(tar)]


shared = sys.argv[1]
resize("", "RGB", 500, 375, 341, 256)
resize("", "RGB", 4000, 3000, 341, 256)
resize("", "RGB", 224, 224, 448, 448)
resize("grey-", "L", 500, 375, 341, 256)
resize("rgba-", "RGBA", 500, 375, 341, 256)
decode("DecodeJPEG", members(f"{shared}/data/imagenet-sample-256.tar",
                             lambda tar: itertools.islice((m for m in tar if m.isfile() and m.name.endswith(".jpg")), 64)))
decode("DecodePNG", members(f"{shared}/geirhos/cue-conflict-half.tar",
                            lambda tar: [m for i, m in enumerate(tar) if i % 16 == 0 and m.isfile()]))

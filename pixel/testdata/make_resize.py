"""Resizes made-up pictures with Pillow and lists the results for resize_test.go.

python3 make_resize.py > resize.txt        (made with Pillow 9.4.0, NumPy 1.24)

One line per case: seed, width, height, channels of the picture, width and height of the result, filter, CRC-32 of the
result's samples. The picture of a seed is made by picture() below, and again by the test.
"""
import random
import zlib

import numpy
from PIL import Image

FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"]
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def picture(seed, w, h, c):
    """Samples of a linear congruential generator; for odd seeds black and white only, which makes filters overshoot."""
    state, samples = seed, bytearray()
    for _ in range(w * h * c):
        state = (state * 1664525 + 1013904223) % 2**32
        samples.append(state >> 24 if seed % 2 == 0 else 255 * (state >> 31))
    return numpy.frombuffer(bytes(samples), numpy.uint8).reshape(h, w, c)


def main():
    r = random.Random(1)
    cases = []
    for i in range(450):
        top = r.choice([4, 20, 60])
        w, h = r.randint(1, top), r.randint(1, top)
        other = r.choice([4, 20, 60, 150])
        cases.append((w, h, r.choice([1, 3, 3, 4]), r.randint(1, other), r.randint(1, other), i % 6))
    for f in range(6):
        cases.append((500, 375, 3, 341, 256, f))
        cases.append((40, 30, 3, 40, 17, f))  # one pass only
        cases.append((40, 30, 3, 17, 30, f))
        cases.append((700, 3, 1, 9, 3, f))
        cases.append((2, 600, 4, 2, 7, f))
        cases.append((3, 2, 3, 300, 200, f))
        cases.append((12, 9, 3, 12, 9, f))
    for seed, (w, h, c, to_w, to_h, f) in enumerate(cases):
        m = Image.fromarray(picture(seed, w, h, c).squeeze(2) if c == 1 else picture(seed, w, h, c), MODES[c])
        out = m.resize((to_w, to_h), Image.Resampling[FILTERS[f].upper()])
        print(seed, w, h, c, to_w, to_h, FILTERS[f], "%08x" % zlib.crc32(out.tobytes()))


main()

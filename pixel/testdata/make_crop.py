"""Lists what torchvision's Resize(int) and CenterCrop do with sizes, for resize_test.go.

python3 make_crop.py > crop.txt        (made with torchvision 0.14.1)

Lines "short w h side W H": Resize(side) turns w x h into W x H. Lines "crop w h W H left top": in CenterCrop((H, W)) of a
w x h picture the pixel at its top left is at column left and row top of the picture (negative: it is padding).
"""
import random

import numpy
import torchvision.transforms as T
import torchvision.transforms.functional as F
from PIL import Image

r = random.Random(2)
for _ in range(300):
    w, h, side = r.randint(1, 600), r.randint(1, 600), r.choice([32, 224, 232, 256])
    to_h, to_w = F._compute_resized_output_size((h, w), [side])
    print("short", w, h, side, to_w, to_h)
for _ in range(200):
    w, h, to_w, to_h = (r.randint(1, 14) for _ in range(4))
    # The value of each pixel tells its place; 0 is kept for padding.
    a = (numpy.arange(h)[:, None] * 16 + numpy.arange(w)[None, :] + 1).astype(numpy.uint8)
    out = numpy.asarray(T.CenterCrop((to_h, to_w))(Image.fromarray(a)))
    y, x = numpy.argwhere(out)[0]
    row, column = divmod(int(out[y, x]) - 1, 16)
    print("crop", w, h, to_w, to_h, column - x, row - y)

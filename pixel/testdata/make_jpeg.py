#!/usr/bin/python3
"""Makes the JPEG fixtures and what Pillow decodes them to.

    python3 make_jpeg.py [imagenet-sample-256.tar]

Writes, into the folder of this script:

  jpeg.tar.gz                small JPEG files of every kind that the decoder reads, damaged ones among them
  jpeg.txt                   a line for each: hash, Pillow's verdict (ok, truncated), width, height, name
  jpeg_imagenet_sample.txt   a line for each photograph of the archive, if given: hash, name

A hash is the first 8 bytes of the SHA-256 of convert("RGB").tobytes(), in hex. Made with Pillow 9.4.0 on libjpeg-turbo
2.1.5; needs cjpeg and jpegtran of libjpeg-turbo. Files that end too early are decoded with LOAD_TRUNCATED_IMAGES.
"""
import gzip
import hashlib
import io
import os
import random
import subprocess
import sys
import tarfile

from PIL import Image, ImageDraw, ImageFile

HERE = os.path.dirname(os.path.abspath(__file__))


def digest(im):
    return hashlib.sha256(im.convert("RGB").tobytes()).hexdigest()[:16]


def picture(w, h, seed=1):
    """Smooth colour gradients, lines and discs, some noise: all frequencies, saturated colours."""
    rng = random.Random(seed)
    im = Image.new("RGB", (w, h))
    im.putdata([((x * 255) // max(w - 1, 1), (y * 255) // max(h - 1, 1), (x * y * 7) % 256)
                for y in range(h) for x in range(w)])
    draw = ImageDraw.Draw(im)
    for _ in range(6):
        x, y, r = rng.randrange(w), rng.randrange(h), rng.randrange(2, max(3, min(w, h) // 3))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=tuple(rng.choice((0, 64, 255)) for _ in range(3)))
    draw.line((0, h, w, 0), fill=(255, 255, 255))
    for _ in range(w * h // 8):
        im.putpixel((rng.randrange(w), rng.randrange(h)), tuple(rng.randrange(256) for _ in range(3)))
    return im


def save(im, **options):
    out = io.BytesIO()
    im.save(out, "JPEG", **options)
    return out.getvalue()


def run(command, data):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def cjpeg(im, *options):
    kind = "P6" if im.mode == "RGB" else "P5"
    return run(["cjpeg", *options], b"%s %d %d 255\n" % (kind.encode(), *im.size) + im.tobytes())


def scans(text):
    """A file of cjpeg -scans / jpegtran -scans."""
    name = os.path.join("/tmp", "make_jpeg_scans_%d" % os.getpid())
    with open(name, "w") as f:
        f.write(text)
    return name


def segments(data):
    """The marker segments before the entropy-coded data, as (marker, start, end)."""
    i = 2
    while True:
        n = 2 + data[i + 2] * 256 + data[i + 3]
        yield data[i + 1], i, i + n
        if data[i + 1] == 0xDA:
            return
        i += n


def without(data, marker):
    out = bytearray(data[:2])
    end = 2
    for m, start, end in segments(data):
        if m != marker:
            out += data[start:end]
    return bytes(out) + data[end:]


def entropy_start(data):
    return list(segments(data))[-1][2]


def exif(orientation, order):
    tiff = (b"II*\0" if order == "little" else b"MM\0*") + (8).to_bytes(4, order) + (2).to_bytes(2, order)
    for tag, value in ((0x0100, 77), (0x0112, orientation)):
        tiff += tag.to_bytes(2, order) + (3).to_bytes(2, order) + (1).to_bytes(4, order)
        tiff += value.to_bytes(2, order) + b"\0\0"
    return b"Exif\0\0" + tiff + b"\0\0\0\0"


def files():
    im = picture(52, 43)
    small = picture(35, 37, 2)
    for q in (1, 10, 30, 50, 75, 90, 95, 100):
        yield "quality-%d" % q, save(im, quality=q)
    for s, name in ((0, "444"), (1, "422"), (2, "420")):
        yield "pillow-%s" % name, save(im, quality=80, subsampling=s)
        yield "progressive-%s" % name, save(im, quality=80, subsampling=s, progressive=True)
        yield "optimised-%s" % name, save(im, quality=60, subsampling=s, optimize=True)
    yield "grey", save(im.convert("L"), quality=80)
    yield "grey-progressive", save(im.convert("L"), quality=80, progressive=True)
    yield "grey-2x2", cjpeg(im.convert("L"), "-sample", "2x2")
    for s in ("1x2", "2x1", "2x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "3x2", "4x4,2x2,2x2", "4x2,2x1,1x1",
              "2x2,2x1,1x2", "2x2,1x2,2x1", "1x1,2x2,1x1", "1x1,1x1,2x2", "2x1,1x1,2x1", "1x2,1x1,1x2", "4x1,2x1,1x1",
              "1x4,1x2,1x1", "2x4,1x2,2x1", "3x3,1x1,1x1", "4x1,4x1,1x1"):
        for kind in ((), ("-progressive",)) if s in ("1x2", "4x1", "2x2,2x1,1x2", "2x4") else ((),):
            try:
                yield "sample-%s%s" % (s, "".join(kind)), cjpeg(small, "-quality", "70", "-sample", s, *kind)
            except subprocess.CalledProcessError:
                pass  # more than ten blocks in an MCU
    for r in ("1B", "2B", "5B", "1", "2"):
        yield "restart-%s" % r, cjpeg(im, "-restart", r)
        yield "restart-%s-progressive" % r, cjpeg(im, "-restart", r, "-progressive")
    yield "rgb", cjpeg(im, "-rgb")
    yield "rgb-adobe-only", without(cjpeg(im, "-rgb", "-quality", "40"), 0xE0)
    yield "ids-rgb", without(without(cjpeg(im, "-rgb"), 0xEE), 0xE0)
    yield "no-jfif", without(save(im), 0xE0)
    yield "no-huffman-tables", without(save(im), 0xC4)
    cmyk = im.convert("CMYK")
    cmyk.putdata([(c, m, y, (c * y) // 300) for c, m, y, k in cmyk.getdata()])
    yield "cmyk-adobe", save(cmyk, quality=85)
    yield "cmyk-plain", without(save(cmyk, quality=85), 0xEE)
    yield "cmyk-progressive", save(cmyk, quality=85, progressive=True)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"
    bare = without(save(cmyk, quality=85), 0xEE)
    yield "ycck", bare[:2] + adobe + b"\2" + bare[2:]
    yield "adobe-transform-9", bare[:2] + adobe + b"\x09" + bare[2:]
    noj = without(save(im), 0xE0)
    for t in (0, 1, 2):
        yield "adobe-transform-%d-three" % t, noj[:2] + adobe + bytes([t]) + noj[2:]
    # Scan scripts: sequential, not interleaved; partly interleaved; odd progressions.
    for name, script in (("planes", "0;\n1;\n2;"), ("planes-reversed", "2;\n0;\n1;"), ("pair", "0;\n1,2;"),
                         ("spectral", "0,1,2: 0-0, 0, 0;\n0: 1-5, 0, 0;\n2: 1-63, 0, 0;\n1: 1-63, 0, 0;\n0: 6-63, 0, 0;"),
                         ("deep", "0,1,2: 0-0, 0, 2;\n0: 1-63, 0, 3;\n1: 1-63, 0, 1;\n2: 1-63, 0, 1;\n0: 1-63, 3, 2;\n"
                          "0,1,2: 0-0, 2, 1;\n0: 1-63, 2, 1;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n"
                          "0,1,2: 0-0, 1, 0;"),
                         ("dc-planes", "0: 0-0, 0, 1;\n1: 0-0, 0, 0;\n2: 0-0, 0, 0;\n0: 0-0, 1, 0;\n0: 1-63, 0, 0;\n"
                          "1: 1-63, 0, 0;\n2: 1-63, 0, 0;")):
        for r in ((), ("-restart", "3B")):
            yield "scans-%s%s" % (name, "-restart" if r else ""), cjpeg(small, "-scans", scans(script), *r)
    # An unfinished progressive file: interblock smoothing.
    for name, script in (("dc", "0,1,2: 0-0, 0, 0;"), ("dc-coarse", "0,1,2: 0-0, 0, 3;"),
                         ("some", "0,1,2: 0-0, 0, 1;\n0: 1-5, 0, 2;"),
                         ("luma", "0,1,2: 0-0, 0, 0;\n0: 1-63, 0, 0;")):
        for s in ("1x1", "2x2", "2x1"):
            data = cjpeg(picture(150, 131, 3), "-quality", "30", "-sample", s, "-scans", scans(
                script + "\n" + {"dc": "0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;",
                                 "dc-coarse": "0,1,2: 0-0, 3, 2;\n0,1,2: 0-0, 2, 1;\n0,1,2: 0-0, 1, 0;\n"
                                 "0: 1-63, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;",
                                 "some": "0: 6-63, 0, 2;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n0: 1-63, 2, 1;\n"
                                 "0: 1-63, 1, 0;\n0,1,2: 0-0, 1, 0;",
                                 "luma": "1: 1-63, 0, 0;\n2: 1-63, 0, 0;"}[name]))
            n = script.count(";")
            at = [i for i in range(len(data) - 1) if data[i] == 0xFF and data[i + 1] == 0xDA]
            # up to the tables of the first scan left out
            end = max(data.rfind(b"\xff\xc4", at[n - 1], at[n]), 0) or at[n]
            yield "unfinished-%s-%s" % (name, s), data[:end] + b"\xff\xd9"
    for i, (w, h) in enumerate([(1, 1), (1, 17), (17, 1), (2, 2), (3, 3), (4, 5), (5, 4), (7, 9), (8, 8), (9, 7), (15, 17),
                                (16, 16), (17, 17), (33, 2), (6, 33)]):
        tiny = picture(w, h, 10 + i)
        for s in ("1x1", "2x1", "1x2", "2x2", "4x1"):
            yield "size-%dx%d-%s" % (w, h, s), cjpeg(tiny, "-quality", "80", "-sample", s)
        yield "size-%dx%d-progressive" % (w, h), save(tiny, progressive=True)
        yield "size-%dx%d-grey" % (w, h), save(tiny.convert("L"))
    for o in range(1, 9):
        yield "exif-%d" % o, save(small, exif=exif(o, "little" if o % 2 else "big"))
    yield "16-bit-quantisers", cjpeg(small, "-quality", "2")
    # Odd but legal, or nearly.
    data = save(small)
    at = list(segments(data))
    yield "fill-bytes", b"".join([data[:2]] + [b"\xff" * 5 + data[s:e] for _, s, e in at] + [data[at[-1][2]:]])
    yield "trailing-junk", data + b"junk after the end"
    yield "no-eoi", data[:-2]
    yield "fill-before-eoi", data[:-2] + b"\xff\xff\xff\xd9"
    yield "comment", data[:2] + b"\xff\xfe\0\7hello" + data[2:]
    # Cut off.
    for kind, whole in (("baseline", save(im, quality=85)), ("progressive", save(im, quality=85, progressive=True)),
                        ("restart", cjpeg(im, "-restart", "2B")), ("grey", save(im.convert("L"))),
                        ("restart-progressive", cjpeg(im, "-restart", "2B", "-progressive")),
                        ("444", save(im, subsampling=0)),
                        ("planes", cjpeg(im, "-scans", scans("0;\n1;\n2;")))):
        start = entropy_start(whole)
        for part in (0, 3, 25, 50, 75, 90, 97, 99):
            yield "cut-%s-%d" % (kind, part), whole[:start + (len(whole) - start) * part // 100]
    # Damaged entropy-coded data.
    for kind, whole in (("baseline", save(im, quality=85)), ("restart", cjpeg(im, "-restart", "2B")),
                        ("progressive", save(im, quality=85, progressive=True)),
                        ("restart-progressive", cjpeg(im, "-restart", "2B", "-progressive"))):
        start = entropy_start(whole)
        for seed in range(12):
            rng = random.Random(seed)
            b = bytearray(whole)
            for _ in range(1 + seed % 3):
                at = rng.randrange(start, len(b) - 2)
                if b[at] != 0xFF and b[at - 1] != 0xFF:
                    b[at] = rng.randrange(255)
            yield "damaged-%s-%d" % (kind, seed), bytes(b)
    whole = cjpeg(im, "-restart", "1B")
    rst = [i for i in range(entropy_start(whole), len(whole) - 1) if whole[i] == 0xFF and 0xD0 <= whole[i + 1] <= 0xD7]
    for name, cut in (("one", 1), ("two", 2), ("three", 3), ("six", 6)):
        yield "lost-segments-%s" % name, whole[:rst[2]] + whole[rst[2 + cut]:]
        yield "extra-segments-%s" % name, whole[:rst[4]] + whole[rst[4 - min(cut, 4)]:rst[4]] + whole[rst[4]:]
    yield "lost-marker", whole[:rst[3]] + whole[rst[3] + 2:]
    yield "wrong-marker", whole[:rst[3] + 1] + b"\xd7" + whole[rst[3] + 2:]
    yield "impossible-marker", whole[:rst[3] + 1] + b"\x55" + whole[rst[3] + 2:]
    yield "comment-as-marker", whole[:rst[3]] + b"\xff\xfe\0\4ab" + whole[rst[3] + 2:]
    yield "junk-before-marker", whole[:rst[3]] + b"\x12\x34\x56\x78" + whole[rst[3]:]
    plain = save(im)
    middle = (entropy_start(plain) + len(plain)) // 2
    yield "marker-inside", plain[:middle] + b"\xff\xd3" + plain[middle:]
    yield "eoi-inside", plain[:middle] + b"\xff\xd9" + plain[middle:]


def decode(data):
    """Pillow's picture and whether it calls the file truncated; (None, error) when it refuses it."""
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        im = Image.open(io.BytesIO(data))
        im.load()
        return im, "ok"
    except OSError as e:
        if "truncated" not in str(e):
            return None, str(e)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    im = Image.open(io.BytesIO(data))
    im.load()
    if im.getbbox() is None:
        # The end is within a marker segment between scans: Pillow waits for the rest and shows nothing at all. We want
        # what the scans so far give.
        return decode(data[:max(data.rfind(b"\xff" + bytes([m])) for m in (0xC4, 0xDA))] + b"\xff\xd9")[0], "truncated"
    return im, "truncated"


def main():
    lines = []
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files():
            im, verdict = decode(data)
            if im is None:
                print("refused by Pillow:", name, verdict)
                continue
            info = tarfile.TarInfo(name + ".jpg")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
            lines.append("%s %s %d %d %s.jpg\n" % (digest(im), verdict, *im.size, name))
    with open(os.path.join(HERE, "jpeg.tar.gz"), "wb") as f:
        f.write(gzip.compress(archive.getvalue(), 9, mtime=0))
    with open(os.path.join(HERE, "jpeg.txt"), "w") as f:
        f.writelines(lines)
    if len(sys.argv) > 1:
        rows = []
        with tarfile.open(sys.argv[1]) as tar:
            for m in tar:
                if m.isfile() and m.name.endswith(".jpg"):
                    im = Image.open(io.BytesIO(tar.extractfile(m).read()))
                    rows.append((os.path.basename(m.name), digest(im)))
        with open(os.path.join(HERE, "jpeg_imagenet_sample.txt"), "w") as f:
            f.writelines("%s %s\n" % (h, n) for n, h in sorted(rows))


main()

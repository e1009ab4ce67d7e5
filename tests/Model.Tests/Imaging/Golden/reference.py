"""The reference for the imaging tests: images, and what PIL and torchvision make of them.

    reference.py golden DIR              the odd images and the crop boxes committed beside this script
    reference.py random DIR SEED COUNT   images of random sizes, for the test that runs this script

Each writes its images and expected.json into DIR. Pixels are recorded as SHA-256: of the RGB bytes for decoding, of the
little-endian float32 [3, size, size] for preprocessing. Made with Pillow 9.4.0 and torchvision 0.14.1 (Debian 12).
"""

import hashlib
import io
import json
import math
import pathlib
import random
import struct
import sys
import warnings
import zlib

import formats
import numpy as np
from PIL import Image, ImageFile, PngImagePlugin
from torchvision import transforms
from torchvision.transforms import functional

MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
warnings.simplefilter("ignore")
ImageFile.MAXBLOCK = 1 << 22  # or small pictures of high quality end in "encoder error -2" now and then


def sha(data):
    return hashlib.sha256(data).hexdigest()


def floats(image):
    tensor = transforms.Normalize(MEAN, STD)(transforms.ToTensor()(image))
    return sha(tensor.numpy().astype("<f4").tobytes())


def evaluate(image, size, ratio):
    recipe = transforms.Compose([transforms.Resize(int(size / ratio)), transforms.CenterCrop(size)])
    return {"size": size, "ratio": ratio, "sha256": floats(recipe(image))}


def resized_crop(image, box, size):
    left, top, width, height = box
    crop = functional.resized_crop(image, top, left, height, width, [size, size])
    return {"box": box, "size": size, "sha256": floats(crop)}


def record(name, data, sizes, boxes=()):
    try:
        image = Image.open(io.BytesIO(data)).convert("RGB")
    except Exception as error:  # whatever PIL raises is "unreadable" to us
        return {"file": name, "error": str(error)[:100]}
    return {
        "file": name,
        "width": image.width,
        "height": image.height,
        "sha256": sha(image.tobytes()),
        "evaluate": [evaluate(image, size, ratio) for size, ratio in sizes],
        "crops": [resized_crop(image, box, size) for box, size in boxes],
    }


def picture(width, height, seed=0, channels=3):
    """Smooth colours, edges and some noise: something that a resize and a JPEG both work on."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        a, b, c = rng.uniform(0.5, 9, 3)
        plane = 128 + 80 * np.sin(a * x / max(width, 8) * 3 + c) * np.cos(b * y / max(height, 8) * 3)
        plane += 47 * (((x // 5 + y // 7 + channel) % 3) - 1) + rng.normal(0, 6, (height, width))
        planes.append(plane)
    array = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return array[..., 0] if channels == 1 else array


def encode(image, form, **options):
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def without_segment(jpeg, marker):
    at = 2
    while jpeg[at] == 0xFF and jpeg[at + 1] != 0xDA:
        size = 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] == marker:
            return jpeg[:at] + jpeg[at + size :]
        at += size
    raise ValueError(f"no segment {marker:x}")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, color, passes, extra=b"", interlaced=False):
    """A PNG of raw rows (bytes), for what PIL itself cannot write: 16-bit colours and interlacing."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlaced))
    rows = b"".join(b"\0" + row for rows in passes for row in rows)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra
    return start + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def png16(array, color, extra=b""):
    height, width = array.shape[:2]
    return png(width, height, 16, color, [[row.astype(">u2").tobytes() for row in array]], extra)


def adam7(array):
    height, width = array.shape[:2]
    passes = []
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        part = array[y0::dy, x0::dx]
        passes.append([row.tobytes() for row in part] if part.size else [])
    return png(width, height, 8, 2, passes, interlaced=True)


def jpegs():
    photo = picture(127, 95)
    for name, subsampling in [("444", 0), ("422", 1), ("420", 2)]:
        yield f"rgb-{name}.jpg", encode(photo, "JPEG", quality=80, subsampling=subsampling)
    baseline = encode(photo, "JPEG", quality=75)
    progressive = encode(photo, "JPEG", quality=75, progressive=True)
    yield "progressive.jpg", progressive
    yield "grey.jpg", encode(picture(61, 77, 1, 1), "JPEG")
    yield "grey-progressive.jpg", encode(picture(61, 77, 1, 1), "JPEG", progressive=True)
    yield "one-pixel.jpg", encode(picture(1, 1), "JPEG")
    yield "exif-orientation.jpg", encode(picture(40, 24, 2), "JPEG", exif=orientation(6))
    cmyk = Image.fromarray(picture(50, 33, 3, 4), "CMYK")
    adobe = encode(cmyk, "JPEG", quality=85)
    yield "cmyk.jpg", adobe
    yield "cmyk-without-adobe.jpg", without_segment(adobe, 0xEE)
    at = adobe.index(b"Adobe") + 11
    yield "ycck.jpg", adobe[:at] + b"\2" + adobe[at + 1 :]
    yield "rgb-adobe.jpg", baseline[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\0" + baseline[2:]
    yield "trailing-bytes.jpg", baseline + b"\0" * 100 + b"trailing"
    yield "bytes-between-segments.jpg", baseline[:20] + b"\0\0\0" + baseline[20:]
    damaged = bytearray(baseline)
    for at in range(1200, len(damaged) - 10, 397):
        damaged[at] ^= 0x15
    yield "damaged.jpg", bytes(damaged)
    for cut in [1, 2, 3, 4, 40, 1500, len(baseline) - 200, len(baseline) - 3]:
        yield f"truncated-{cut}.jpg", baseline[:-cut]
    for cut in [2, 3, 60, 1500]:
        yield f"progressive-truncated-{cut}.jpg", progressive[:-cut]


def orientation(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def pngs():
    photo = picture(45, 31, 4)
    grey = picture(45, 31, 5, 1)
    yield "rgb.png", encode(photo, "PNG")
    yield "grey.png", encode(grey, "PNG")
    yield "bilevel.png", encode(Image.fromarray(grey).convert("1"), "PNG")
    paletted = Image.fromarray(photo).quantize(16)
    yield "palette-4-bit.png", encode(paletted, "PNG", bits=4)
    yield "palette-too-short.png", png(45, 31, 8, 3, [[row.tobytes() for row in grey]], chunk(b"PLTE", bytes(range(60))))
    yield "palette-too-short-2-bit.png", png(9, 4, 2, 3, [[bytes([0x1B, 0xE4, 0x80])] * 4], chunk(b"PLTE", bytes([9, 90, 200, 200, 3, 50])))
    yield "palette-transparent-index.png", encode(paletted, "PNG", transparency=3)
    yield "palette-transparent-bytes.png", encode(paletted, "PNG", transparency=bytes(range(0, 160, 10)))
    yield "grey-2-bit.png", png(9, 4, 2, 0, [[bytes([0x1B, 0xE4, 0x80])] * 4])
    yield "grey-4-bit.png", png(5, 3, 4, 0, [[bytes([0x01, 0x9F, 0x70])] * 3])
    alpha = np.concatenate([photo, grey[..., None]], -1)
    yield "rgba.png", encode(alpha, "PNG")
    yield "grey-alpha.png", encode(Image.fromarray(alpha[..., 2:], "LA"), "PNG")
    yield "rgb-transparent-color.png", encode(photo, "PNG", transparency=tuple(int(v) for v in photo[0, 0]))
    yield "grey-transparent.png", encode(grey, "PNG", transparency=int(grey[0, 0]))
    yield "interlaced.png", adam7(photo)
    wide = np.random.RandomState(6).randint(0, 65536, (11, 13, 4)).astype(np.uint16)
    yield "rgb-16-bit.png", png16(wide[..., :3], 2)
    yield "rgba-16-bit.png", png16(wide, 6)
    yield "grey-alpha-16-bit.png", png16(wide[..., :2], 4)
    low = (wide[..., 0] % 400).astype(np.uint16)
    yield "grey-16-bit.png", png16(low, 0)
    yield "grey-16-bit-transparent.png", png16(low, 0, chunk(b"tRNS", struct.pack(">H", 7)))
    yield "one-pixel.png", encode(picture(1, 1, 7), "PNG")
    yield "strip.png", encode(picture(300, 1, 8), "PNG")
    yield "tower.png", encode(picture(2, 200, 9), "PNG")
    gamma = PngImagePlugin.PngInfo()
    gamma.add(b"gAMA", struct.pack(">I", 100000))
    yield "gamma.png", encode(photo, "PNG", pnginfo=gamma)
    whole = encode(photo, "PNG")
    yield "without-end.png", whole[:-12]
    for cut in [40, 600, len(whole) - 40]:
        yield f"truncated-{cut}.png", whole[:-cut]
    yield "bomb.png", png(60000, 60000, 8, 2, [[b"\0" * 9]])


def on_canvas(gif, width, height, left, top):
    """Moves the frame of a one-frame GIF on a canvas of another size."""
    frame = gif.index(b",", 13 + (3 << ((gif[10] & 7) + 1) if gif[10] & 128 else 0))
    corner = struct.pack("<HH", left, top)
    return gif[:6] + struct.pack("<HH", width, height) + gif[10 : frame + 1] + corner + gif[frame + 5 :]


def others():
    photo = picture(53, 37, 10)
    alpha = np.concatenate([photo, picture(53, 37, 11, 1)[..., None]], -1)
    yield "lossy.webp", encode(photo, "WEBP", quality=70)
    yield "lossless.webp", encode(photo[:20, :20], "WEBP", lossless=True)
    yield "lossy-alpha.webp", encode(alpha, "WEBP", quality=70)
    yield "lossless-alpha.webp", encode(alpha[:20, :20], "WEBP", lossless=True)
    frames = [Image.fromarray(picture(24, 18, seed)) for seed in range(3)]
    yield "animated.webp", encode(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    yield "truncated.webp", encode(photo, "WEBP", quality=70)[:-200]
    yield "palette.gif", encode(Image.fromarray(photo).quantize(40), "GIF")
    yield "interlaced.gif", encode(Image.fromarray(photo).quantize(7), "GIF", interlace=True)
    yield "not-interlaced.gif", encode(Image.fromarray(photo).quantize(7), "GIF", interlace=False)
    yield "transparent.gif", encode(Image.fromarray(photo).quantize(9), "GIF", transparency=2)
    yield "frame-inside-canvas.gif", on_canvas(encode(Image.fromarray(photo).quantize(9), "GIF"), 80, 50, 11, 7)
    yield "frame-inside-canvas-transparent.gif", on_canvas(encode(Image.fromarray(photo).quantize(9), "GIF", transparency=3), 80, 50, 11, 7)
    yield "frame-beyond-canvas.gif", on_canvas(encode(Image.fromarray(photo).quantize(9), "GIF"), 20, 10, 11, 7)
    yield "grey.gif", encode(Image.fromarray(photo).convert("L"), "GIF")
    yield "animated.gif", encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    whole = encode(Image.fromarray(photo).quantize(40), "GIF")
    yield "truncated.gif", whole[:-500]
    yield "without-trailer.gif", whole[:-1]
    yield "empty.jpg", b""
    yield "text.jpg", b"<html>404 not found</html>"
    yield "start-only.jpg", b"\xff\xd8\xff\xe0"
    yield "start-only.png", b"\x89PNG\r\n\x1a\n"


class Draws:
    """Stands in for torch inside RandomResizedCrop: uniform numbers from a given stream, in double precision."""

    def __init__(self, stream):
        self.stream = stream

    def empty(self, _):
        return self

    def uniform_(self, low, high):
        return Number(low + next(self.stream) / 2**53 * (high - low))

    def randint(self, low, high, size):
        return Number(low + (self.stream.whole() * (high - low) >> 64))

    tensor = staticmethod(lambda values: values)
    log = staticmethod(lambda values: [math.log(value) for value in values])
    exp = staticmethod(lambda value: Number(math.exp(value)))


class Number(float):
    def item(self):
        return self


class SplitMix64:
    """The published algorithm; a stream is named by integers as in SplitMix64.cs."""

    GOLDEN, ALL = 0x9E3779B97F4A7C15, 2**64 - 1

    def __init__(self, *name):
        self.state = 0
        for part in name:
            self.state = self.mix(self.state + self.GOLDEN + part)

    def mix(self, bits):
        bits &= self.ALL
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9 & self.ALL
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB & self.ALL
        return bits ^ (bits >> 31)

    def whole(self):
        self.state = self.state + self.GOLDEN & self.ALL
        return self.mix(self.state)

    def __next__(self):
        return self.whole() >> 11


def crop_boxes():
    """torchvision's own RandomResizedCrop.get_params, fed with our random numbers."""
    rows = []
    for index, (width, height) in enumerate([(500, 375), (375, 500), (64, 64), (1, 1), (1, 90), (90, 1), (1000, 3), (33, 47)] * 8):
        transforms.transforms.torch, torch = Draws(SplitMix64(5, 7, index)), transforms.transforms.torch
        try:
            blank = Image.new("RGB", (width, height))
            top, left, h, w = transforms.RandomResizedCrop.get_params(blank, (0.08, 1.0), (3.0 / 4.0, 4.0 / 3.0))
        finally:
            transforms.transforms.torch = torch
        rows.append({"name": [5, 7, index], "width": width, "height": height, "box": [int(left), int(top), int(w), int(h)]})
    return rows


def golden(folder):
    lines = ",\n".join(json.dumps(row) for row in crop_boxes())
    (folder / "crop-boxes.json").write_text(f"[\n{lines}\n]\n")
    rows = []
    sizes = [(224, 0.875), (64, 0.875), (32, 1.0), (33, 0.875), (96, 1.25)]
    for name, data in [*jpegs(), *pngs(), *others(), *formats.bmps(picture), *formats.pnms(picture), *formats.tiffs(picture)]:
        (folder / name).write_bytes(data)
        rows.append(record(name, data, sizes[:2]))
    for seed, (width, height) in enumerate([(1, 1), (2, 3), (7, 5), (33, 64), (64, 64), (100, 31), (37, 36), (256, 256), (255, 257)]):
        name = f"size-{width}x{height}.jpg"
        data = encode(picture(width, height, 20 + seed), "JPEG", quality=60)
        (folder / name).write_bytes(data)
        boxes = [((0, 0, width, height), 64), ((width // 3, height // 4, max(width // 2, 1), max(height // 2, 1)), 48)]
        rows.append(record(name, data, sizes, boxes))
    return rows


def randoms(folder, seed, count):
    rng = random.Random(seed)
    rows = []
    for index in range(count):
        width, height = (max(1, int(2 ** rng.uniform(0, 9.7))) for _ in range(2))
        kind = rng.choice(["JPEG", "JPEG", "JPEG", "PNG", "GIF", "other", "other"])
        options = {}
        if kind == "JPEG":
            options = {"quality": rng.randint(5, 98), "subsampling": rng.randint(0, 2), "progressive": rng.random() < 0.3}
        if kind == "other":
            kind, data = formats.random_file(rng, picture, width, height, index)
        else:
            data = encode(picture(width, height, index, rng.choice([1, 3, 3])), kind, **options)
        if kind in ("JPEG", "PNG", "GIF") and rng.random() < 0.05:
            data = data[: -rng.randint(32, len(data) // 2 + 32)]  # fewer bytes, and PIL reads some files by luck: of a PNG's one pixel, all before its checksums
        name = f"{index:04}-{width}x{height}.{kind.lower()}"
        (folder / name).write_bytes(data)
        left, top = rng.randint(0, width - 1), rng.randint(0, height - 1)
        box = (left, top, rng.randint(1, width - left), rng.randint(1, height - top))
        size, ratio = rng.choice([32, 64, 96, 224]), rng.choice([0.875, 0.875, 0.95, 1.0])
        rows.append(record(name, data, [(size, ratio)], [(box, rng.choice([32, 64, 224]))]))
    return rows


def main():
    mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    rows = golden(folder) if mode == "golden" else randoms(folder, int(sys.argv[3]), int(sys.argv[4]))
    lines = ",\n".join(json.dumps(row) for row in rows)
    (folder / "expected.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()

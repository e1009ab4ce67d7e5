"""The reference for the augmentation tests: what PIL and torchvision make of images, fed with our random numbers.

    augmentations.py golden DIR              augmentations.json, of images that reference.py wrote there
    augmentations.py random DIR SEED COUNT   the same of images drawn now, for the test that runs this script

Pixels are recorded as SHA-256 of the RGB bytes, whole recipes as that of the little-endian float32 [3, size, size].
Made with Pillow 9.4.0 and torchvision 0.14.1 (Debian 12).
"""

import json
import math
import pathlib
import random
import sys
from unittest import mock

import torch
from PIL import Image
from reference import MEAN, STD, Number, SplitMix64, encode, picture, sha
from torchvision import transforms
from torchvision.transforms import InterpolationMode, autoaugment, functional

SIGNED = ["ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"]


class Whole(int):
    def item(self):
        return int(self)


class Values(list):
    def __getitem__(self, at):
        return 0 if isinstance(at, tuple) else list.__getitem__(self, at)


class Draws:
    """Stands in for torch inside the transforms: numbers from a given stream, in double precision."""

    def __init__(self, *name):
        self.stream = SplitMix64(*name)

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, _):
        return self

    def uniform_(self, low, high):
        return Number(low + next(self.stream) / 2**53 * (high - low))

    def rand(self, _):
        return Number(next(self.stream) / 2**53)

    def randint(self, *bounds, size=None):
        low, high = (bounds[0], bounds[1]) if size else (0, bounds[0])
        return Whole(low + (self.stream.whole() * (high - low) >> 64))

    def randperm(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.stream.whole() * (last + 1) >> 64
            order[last], order[other] = order[other], order[last]
        return order

    @staticmethod
    def tensor(values):
        return torch.tensor(values) if isinstance(values, float) else Values(values)

    log = staticmethod(lambda values: [math.log(value) for value in values])
    exp = staticmethod(lambda value: Number(math.exp(value)))


def drawing(name, transform, *inputs):
    with mock.patch("torchvision.transforms.transforms.torch", Draws(*name)) as draws, mock.patch("torchvision.transforms.autoaugment.torch", draws):
        return transform(*inputs)


def operation(file, image, name, strength):
    if name == "Hue":
        changed = functional.adjust_hue(image, strength)
    else:
        changed = autoaugment._apply_op(image, name, strength, InterpolationMode.NEAREST, None)
    return {"file": file, "operation": name, "strength": strength, "sha256": sha(changed.tobytes())}


def jitter(file, image, name, strengths):
    changed = drawing(name, transforms.ColorJitter(*strengths), image)
    return {"file": file, "name": name, "jitter": strengths, "sha256": sha(changed.tobytes())}


def rand_augment(file, image, name, count, magnitude):
    changed = drawing(name, transforms.RandAugment(count, magnitude), image)
    return {"file": file, "name": name, "count": count, "magnitude": magnitude, "sha256": sha(changed.tobytes())}


def recipe(file, image, name, size):
    """All of it, in the order of torchvision's own training recipes."""
    steps = [
        transforms.RandomResizedCrop(size),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(0.4, 0.3, 0.2, 0.1),
        transforms.RandAugment(2, 9),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
        transforms.RandomErasing(0.6),
    ]
    tensor = drawing(name, transforms.Compose(steps), image)
    return {"file": file, "name": name, "size": size, "sha256": sha(tensor.numpy().astype("<f4").tobytes())}


def strengths():
    """RandAugment's table; linspace's last bit depends on the width of the machine's vectors."""
    rows = []
    for width, height in [(224, 224), (64, 45)]:
        for name, (values, _) in transforms.RandAugment()._augmentation_space(31, (height, width)).items():
            if values.ndim:
                rows.append({"operation": name, "width": width, "height": height, "strengths": [float(value) for value in values]})
    return rows


def golden(folder):
    files = ["rgb.png", "grey.png", "one-pixel.png", "strip.png", "tower.png", "size-2x3.jpg", "size-33x64.jpg", "size-64x64.jpg", "size-100x31.jpg"]
    images = {file: Image.open(folder / file).convert("RGB") for file in files}
    values = {
        "ShearX": [0.09, -0.3], "ShearY": [0.3, -0.09], "TranslateX": [20.4, -150.0], "TranslateY": [7.9, -3.0], "Rotate": [9.0, -30.0, 0.0],
        "Brightness": [0.27, -0.9], "Color": [0.9, -0.27], "Contrast": [0.27, -0.63], "Sharpness": [0.9, -0.9], "Posterize": [4.0, 7.0],
        "Solarize": [178.5, 0.0], "AutoContrast": [0.0], "Equalize": [0.0], "Identity": [0.0], "Hue": [0.1, -0.5, 0.5, -0.03],
    }
    erasings = []
    for index in range(40):
        (width, height), name = [(224, 224), (64, 64), (32, 32), (5, 40)][index % 4], [5, 9, index]
        top, left, h, w, _ = drawing(name, transforms.RandomErasing.get_params, torch.empty(3, height, width), (0.02, 0.33), (0.3, 3.3), [0])
        box = None if (h, w) == (height, width) else [int(left), int(top), int(w), int(h)]
        erasings.append({"name": name, "width": width, "height": height, "box": box})
    photo = [file for file in files if "x" in file]
    return {
        "operations": [operation(file, image, name, value) for file, image in images.items() for name in values for value in values[name]],
        "jitters": [jitter(file, images[file], [1, 2, at], s) for at, s in enumerate([[0.4, 0.4, 0.4, 0.1], [0.0, 1.5, 0.0, 0.0], [0.3, 0.0, 0.2, 0.5]]) for file in photo],
        "randAugments": [rand_augment(file, images[file], [3, 4, at], 1 + at % 3, [9, 0, 30, 14][at % 4]) for at in range(24) for file in photo],
        "recipes": [recipe(file, images[file], [6, 7, at], [32, 64, 224][at % 3]) for at in range(9) for file in photo],
        "erasings": erasings,
        "strengths": strengths(),
    }


def randoms(folder, seed, count):
    rng = random.Random(seed)
    made = {"operations": [], "jitters": [], "randAugments": [], "recipes": [], "erasings": [], "strengths": []}
    for index in range(count):
        width, height = (max(1, int(2 ** rng.uniform(0, 8))) for _ in range(2))
        file, pixels = f"{index:04}-{width}x{height}.png", picture(width, height, index)
        pixels = pixels // rng.choice([1, 1, 2, 9]) + rng.choice([0, 0, 20])
        (folder / file).write_bytes(encode(pixels.astype("uint8"), "PNG"))
        image = Image.open(folder / file).convert("RGB")
        limits = {"ShearX": 0.3, "ShearY": 0.3, "TranslateX": 150, "TranslateY": 150, "Rotate": 30, "Hue": 0.5}
        for name in [*SIGNED, "Hue"]:
            most = limits.get(name, 0.9)
            made["operations"].append(operation(file, image, name, rng.uniform(-most, most)))
        made["operations"].append(operation(file, image, "Posterize", float(rng.randint(1, 8))))
        made["operations"].append(operation(file, image, "Solarize", rng.uniform(0, 255)))
        made["operations"] += [operation(file, image, name, 0.0) for name in ["AutoContrast", "Equalize"]]
        made["jitters"].append(jitter(file, image, [seed, index], [rng.choice([0.0, rng.uniform(0, most)]) for most in [2, 2, 2, 0.5]]))
        made["recipes"].append(recipe(file, image, [seed, index, 1], rng.choice([32, 64, 96])))
    return made


def main():
    mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    made = golden(folder) if mode == "golden" else randoms(folder, int(sys.argv[3]), int(sys.argv[4]))
    parts = [f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]" for name, rows in made.items()]
    (folder / "augmentations.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


main()

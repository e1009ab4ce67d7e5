#!/usr/bin/env python3
"""Writes network_logits.json: what the original HRNet answers, for NetworkParityTests.

    python3 network_logits.py PATH-TO-A-CHECKOUT > network_logits.json

The checkout is that of the original repository, HRNet/HRNet-Image-Classification (MIT); its network is imported from
lib/models and built from experiments/*.yaml as they are, and from custom.yaml beside this script. It needs torch (any version from 1.0; made with 1.13.1) and yaml.

No trained weights are involved. Every value of every parameter, and of the input, is cut from one endless band of
pseudo-random numbers, at a place given by the parameter's name, then scaled so that activations stay in range. The test
computes the same numbers (FormulaWeights.cs), so that the repository need not hold 550 million of them.
"""
import glob
import hashlib
import json
import os
import sys
import zlib

import numpy
import torch
import yaml

BAND_LENGTH = 1_000_003  # a prime: rows of a weight never repeat in step


def band():
    x = numpy.arange(BAND_LENGTH, dtype=numpy.uint64) * 2654435761 % 2**32
    x = (x ^ (x >> 15)) * 2246822519 % 2**32
    x = x ^ (x >> 13)
    return (x / 2**31 - 1).astype(numpy.float32)  # uniform in [-1, 1)


BAND = band()


def noise(name, shape):
    count = int(numpy.prod(shape))
    start = zlib.crc32(name.encode()) % BAND_LENGTH
    return torch.from_numpy(numpy.resize(numpy.roll(BAND, -start), count).reshape(shape).copy())


def values(name, shape):
    z = noise(name, shape)
    if name.endswith("running_mean"):
        return 0.05 * z
    if name.endswith("running_var"):
        return 1 + 0.5 * z
    if len(shape) == 1:
        is_scale = name.endswith("weight")  # of a batch norm; every other vector is a bias
        return 0.5 + 0.2 * z if is_scale else 0.05 * z
    fan_in = int(numpy.prod(shape[1:]))
    gain = 4 if name.startswith("classifier") else 1  # far apart logits, so that a top-5 is no toss-up
    return gain * z * (6 / fan_in) ** 0.5


def images():
    return noise("input", (2, 3, 64, 96)) * torch.tensor([2.0, 8.0]).view(2, 1, 1, 1)  # a dull and a glaring one


def golden(model, classes):
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() > 0:  # not num_batches_tracked
                tensor.copy_(values(name, tuple(tensor.shape)))
        model.eval()
        logits = model(images())
    listing = "".join(f"{name} {','.join(map(str, t.shape))}\n" for name, t in sorted(model.state_dict().items()))
    return {
        "parameter_count": sum(p.numel() for p in model.parameters()),
        "state_dict_sha256": hashlib.sha256(listing.encode()).hexdigest(),
        "top5": logits.topk(5).indices.tolist(),
        "logits": [[round(v, 6) for v in row] for row in logits[:, classes].tolist()],
    }


def main(checkout):
    sys.path.insert(0, os.path.join(checkout, "lib", "models"))
    import cls_hrnet

    torch.set_num_threads(2)
    classes = list(range(0, 1000, 50))
    variants = {}
    custom = os.path.join(os.path.dirname(os.path.abspath(__file__)), "custom.yaml")
    for path in [*sorted(glob.glob(os.path.join(checkout, "experiments", "*.yaml"))), custom]:
        with open(path) as file:
            model = cls_hrnet.get_cls_net(yaml.safe_load(file))
        variants[os.path.basename(path).split(".yaml")[0].split("_sgd_")[0].replace("cls_hrnet_", "")] = golden(model, classes)
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in variants.items())
    print(f'{{\n  "torch": "{torch.__version__}",\n  "classes": {classes},\n  "variants": {{\n{lines}\n  }}\n}}')


if __name__ == "__main__":
    main(*sys.argv[1:])

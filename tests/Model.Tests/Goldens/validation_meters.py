#!/usr/bin/env python3
"""Writes validation_meters.json: what the original's validate() says of some images, for ValidationParityTests.

    python3 validation_meters.py PATH-TO-A-CHECKOUT > validation_meters.json

Network, loop and meters are imported from the checkout's lib, the loading of the images is that of its tools/valid.py. Weights are those
of the formula in network_logits.py, with ten classes, so that some answers are right by chance. The images are computed too (pixel()),
and of many sizes; the test computes the same.
"""
import glob
import json
import logging
import os
import sys
import tempfile

import torch
import torchvision
import yaml
from PIL import Image
from torchvision import datasets, transforms

from network_logits import values

SIZE, BATCH, CLASSES, COUNT = 64, 7, 10, 60


def pixel(i, x, y, channel):
    return (x * (3 + i) + y * (5 + 2 * i) + channel * 40 * (i + 1) + x * y // 7) % 256


def write_images(folder):
    for i in range(COUNT):
        width, height = 50 + 7 * (i % 9), 110 - 5 * (i % 11)
        image = Image.new("RGB", (width, height))
        image.putdata([tuple(pixel(i, x, y, channel) for channel in range(3)) for y in range(height) for x in range(width)])
        os.makedirs(os.path.join(folder, f"class{i % CLASSES}"), exist_ok=True)
        image.save(os.path.join(folder, f"class{i % CLASSES}", f"{i:03}.png"))


def main(checkout):
    sys.path.insert(0, os.path.join(checkout, "lib"))
    sys.path.insert(0, os.path.join(checkout, "lib", "models"))
    import cls_hrnet
    from core import function

    torch.set_num_threads(1)
    torch.Tensor.cuda = lambda tensor, **_: tensor  # validate() moves the labels to a GPU; there is none
    torch.Tensor.view = torch.Tensor.reshape  # accuracy() asks for a view of what is transposed, which torch 0.4.1 allowed
    (path,) = glob.glob(os.path.join(checkout, "experiments", "cls_hrnet_w18_small_v1_*.yaml"))
    with open(path) as file:
        model = cls_hrnet.get_cls_net(yaml.safe_load(file))
    model.classifier = torch.nn.Linear(2048, CLASSES)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() > 0:
                tensor.copy_(values(name, tuple(tensor.shape)))

    lines = []
    function.logger.setLevel(logging.INFO)
    function.logger.addHandler(type("Kept", (logging.Handler,), {"emit": lambda self, record: lines.append(record.getMessage())})())
    with tempfile.TemporaryDirectory() as folder:
        write_images(folder)
        loader = torch.utils.data.DataLoader(
            datasets.ImageFolder(folder, transforms.Compose([
                transforms.Resize(int(SIZE / 0.875)),
                transforms.CenterCrop(SIZE),
                transforms.ToTensor(),
                transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
            ])),
            batch_size=BATCH, shuffle=False)
        function.validate(None, loader, model, torch.nn.CrossEntropyLoss(), None, None)
    print(json.dumps({"torch": torch.__version__, "torchvision": torchvision.__version__, "line": lines[0]}))


if __name__ == "__main__":
    main(*sys.argv[1:])

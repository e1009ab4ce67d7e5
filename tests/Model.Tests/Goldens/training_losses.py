#!/usr/bin/env python3
"""Writes training_losses.json: how the original HRNet and PyTorch's SGD train for a few steps, for TrainingParityTests.

    python3 training_losses.py PATH-TO-A-CHECKOUT > training_losses.json

Weights and images are those of the formula in network_logits.py; the loop is that of the original's lib/core/function.py.
In double precision, because rounding grows quickly from step to step: in single precision PyTorch itself is off by 3e-4
at the third step and by 3e-3 at the fourth.
"""
import glob
import json
import os
import sys

import torch
import yaml

from network_logits import noise, values

BATCH, CLASSES, STEPS = 16, 1000, 4


def main(checkout):
    sys.path.insert(0, os.path.join(checkout, "lib", "models"))
    import cls_hrnet

    torch.set_num_threads(1)
    (path,) = glob.glob(os.path.join(checkout, "experiments", "cls_hrnet_w18_small_v1_*.yaml"))
    with open(path) as file:
        model = cls_hrnet.get_cls_net(yaml.safe_load(file))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() > 0:
                tensor.copy_(values(name, tuple(tensor.shape)))
    model = model.double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001, momentum=0.9, weight_decay=1e-4, nesterov=True)
    model.train()
    losses = []
    for step in range(STEPS):
        images = noise(f"images{step}", (BATCH, 3, 64, 64)).double()
        labels = torch.tensor([(step * 131 + i * 17) % CLASSES for i in range(BATCH)])
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 6))
    print(json.dumps({"torch": torch.__version__, "losses": losses}))


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Writes training_runs.json: 30 steps of each optimizer of the original, for TrainingParityTests.

    python3 training_runs.py PATH-TO-A-CHECKOUT > training_runs.json

The network is the original's lib/models/cls_hrnet.py, as small as it can be made; its weights are those of the formula in
network_logits.py, with a classifier of a tenth. The loop is that of lib/core/function.py, the optimizers are made as
lib/utils/utils.py makes them. "accumulated" is the same batch on four GPUs under DataParallel: each chunk of it with batch norm
statistics of its own, the running ones following the first, one loss over all. In double precision, because rounding
grows from step to step, and at small rates, which keep that growth below a thousandth in single precision.
"""
import json
import os
import sys

import torch

from network_logits import noise, values

BATCH, SIZE, STEPS, EPOCH = 16, 64, 30, 10


def stage(branches):
    return {"NUM_MODULES": 1, "NUM_BRANCHES": branches, "NUM_BLOCKS": [1] * branches, "NUM_CHANNELS": [4 << i for i in range(branches)],
            "BLOCK": "BOTTLENECK" if branches == 1 else "BASIC", "FUSE_METHOD": "SUM"}


def network(cls_hrnet):
    extra = {f"STAGE{branches}": stage(branches) for branches in (1, 2, 3, 4)}
    extra["STAGE1"]["NUM_RANCHES"] = 1
    model = cls_hrnet.get_cls_net({"MODEL": {"EXTRA": extra, "PRETRAINED": ""}})
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.dim() > 0:
                tensor.copy_(values(name, tuple(tensor.shape)) * (0.1 if name.startswith("classifier") else 1))
    return model


def batch(step, dtype):
    labels = torch.tensor([(step * 7 + i * 3) % 10 for i in range(BATCH)])
    return noise(f"images{step}", (BATCH, 3, SIZE, SIZE)).to(dtype) * (1 + labels.to(dtype).view(-1, 1, 1, 1)), labels


def answers(model, images, chunks):
    """Logits, as torch.nn.DataParallel makes them on so many devices."""
    results = []
    for i, chunk in enumerate(images.chunk(chunks)):
        kept = [(buffer, buffer.clone()) for buffer in model.buffers()]
        results.append(model(chunk))
        if i > 0:
            for buffer, before in kept:
                buffer.data.copy_(before)   # not an operation that backward should know of
    return torch.cat(results)


def undecayed(parameters, rate):
    """The groups of timm's param_groups_weight_decay: no decay on what has one dimension."""
    return [{"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": rate}]


RECIPES = {
    "sgd": (1, lambda p: torch.optim.SGD(p, lr=0.0003, momentum=0.9, weight_decay=1e-4, nesterov=True)),
    "accumulated": (4, lambda p: torch.optim.SGD(p, lr=0.0003, momentum=0.9, weight_decay=1e-4, nesterov=True)),
    "adam": (1, lambda p: torch.optim.Adam(p, lr=0.00003)),
    "adamw": (1, lambda p: torch.optim.AdamW(p, lr=0.00003, weight_decay=0.5)),
    "adamw_undecayed": (1, lambda p: torch.optim.AdamW(undecayed(p, 0.5), lr=0.00003)),
    "rmsprop": (1, lambda p: torch.optim.RMSprop(p, lr=0.000003, momentum=0.9, weight_decay=1e-4, alpha=0.99, centered=False)),
}


def losses(cls_hrnet, chunks, make, dtype):
    model = network(cls_hrnet).to(dtype)
    optimizer = make([p for p in model.parameters() if p.requires_grad])
    model.train()
    result = []
    for step in range(STEPS):
        for group in optimizer.param_groups:   # epochs of ten steps, a tenth of the rate from the third on
            group.setdefault("initial_lr", group["lr"])
            group["lr"] = group["initial_lr"] * 0.1 ** (step // EPOCH >= 2)
        images, labels = batch(step, dtype)
        loss = torch.nn.functional.cross_entropy(answers(model, images, chunks), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        result.append(loss.item())
    return result


def main(checkout):
    sys.path.insert(0, os.path.join(checkout, "lib", "models"))
    import cls_hrnet

    torch.set_num_threads(1)
    runs = {}
    for name, (chunks, make) in RECIPES.items():
        exact = losses(cls_hrnet, chunks, make, torch.float64)
        print(name, f"{exact[0]:.3f} to {exact[-1]:.3f}", file=sys.stderr, flush=True)
        runs[name] = [round(loss, 6) for loss in exact]
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(run)}" for name, run in runs.items())
    print(f'{{\n  "torch": "{torch.__version__}",\n  "runs": {{\n{lines}\n  }}\n}}')


if __name__ == "__main__":
    main(*sys.argv[1:])

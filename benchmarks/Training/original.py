"""Trains the original network on demand: reads lines "nchw|nhwc|nhwc-bf16 STEPS", answers "SECONDS CPU-SECONDS LOSS".

    python3 original.py CHECKOUT VARIANT THREADS BATCH-SIZE IMAGE-SIZE

The step is that of the original's lib/core/function.py: forward, cross entropy, backward, SGD with Nesterov momentum, accuracy.
"""
import glob
import os
import sys
import time

import torch
import yaml

checkout, variant = sys.argv[1:3]
threads, batch_size, image_size = map(int, sys.argv[3:6])
sys.path.insert(0, os.path.join(checkout, "lib"))
from core.evaluate import accuracy  # noqa: E402
from models import cls_hrnet  # noqa: E402

torch.set_num_threads(threads)
with open(glob.glob(os.path.join(checkout, "experiments", f"cls_hrnet_{variant}_sgd_*.yaml"))[0]) as file:
    config = yaml.safe_load(file)
images = torch.rand(batch_size, 3, image_size, image_size)
labels = torch.arange(batch_size) * 7 % 1000
runs = {}
for layout in ("nchw", "nhwc", "nhwc-bf16"):
    model = cls_hrnet.get_cls_net(config)
    if layout != "nchw":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True)
    runs[layout] = model, optimizer
print(torch.__version__, flush=True)

for line in sys.stdin:
    layout, steps = line.split()
    model, optimizer = runs[layout]
    model.train()
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(int(steps)):
        x = images if layout == "nchw" else images.contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16, enabled=layout == "nhwc-bf16"):
            output = model(x)
        output = output.float()
        loss = torch.nn.functional.cross_entropy(output, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = loss.item()
        accuracy(output, labels)  # top-1 only: the original's code for top-5 fails with torch from 1.5 on
    print(time.perf_counter() - start, time.process_time() - cpu, value, flush=True)

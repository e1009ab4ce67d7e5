"""The original network, measured on demand: reads lines "nchw|nhwc BATCHES", answers "SECONDS CPU-SECONDS".

    python3 original.py CHECKOUT VARIANT THREADS BATCH-SIZE IMAGE-SIZE
"""
import glob
import os
import sys
import time

import torch
import yaml

checkout, variant = sys.argv[1:3]
threads, batch_size, image_size = map(int, sys.argv[3:6])
sys.path.insert(0, os.path.join(checkout, "lib", "models"))
import cls_hrnet  # noqa: E402

torch.set_num_threads(threads)
with open(glob.glob(os.path.join(checkout, "experiments", f"cls_hrnet_{variant}_sgd_*.yaml"))[0]) as file:
    config = yaml.safe_load(file)
models = {layout: cls_hrnet.get_cls_net(config).eval() for layout in ("nchw", "nhwc")}
models["nhwc"].to(memory_format=torch.channels_last)
images = torch.rand(batch_size, 3, image_size, image_size)
print(torch.__version__, flush=True)

for line in sys.stdin:
    layout, batches = line.split()
    with torch.no_grad():
        start, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(batches)):
            x = images.contiguous(memory_format=torch.channels_last) if layout == "nhwc" else images
            models[layout](x)
        print(time.perf_counter() - start, time.process_time() - cpu, flush=True)

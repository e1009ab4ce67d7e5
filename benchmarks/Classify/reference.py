"""The plain loop in Python with the original network: the same images from the local disk (its best case), the same weights.

    reference.py ORIGINAL-CHECKOUT FOLDER-OF-JPEGS IMAGE-COUNT WEIGHTS-FILE [THREADS]

ORIGINAL-CHECKOUT is a clone of HRNet-Image-Classification; nothing of it is part of this project.
"""

import pathlib
import sys
import time

import torch
import yaml
from PIL import Image
from torchvision import transforms

checkout, folder, count, weights = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
threads = int(sys.argv[5]) if len(sys.argv) > 5 else 2
sys.path.insert(0, str(checkout / "lib" / "models"))
from cls_hrnet import HighResolutionNet  # noqa: E402

torch.set_num_threads(threads)
recipe = transforms.Compose([
    transforms.Resize(256),
    transforms.CenterCrop(224),
    transforms.ToTensor(),
    transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
])
config = yaml.safe_load((checkout / "experiments" / "cls_hrnet_w18_small_v1_sgd_lr5e-2_wd1e-4_bs32_x100.yaml").read_text())
paths = sorted(folder.glob("*.jpg"))
start, cpu = time.perf_counter(), time.process_time()
network = HighResolutionNet(config)
network.load_state_dict(torch.load(weights, map_location="cpu"))
network.eval()
best = []
with torch.no_grad():
    for first in range(0, count, 8):
        batch = torch.stack([recipe(Image.open(paths[i % len(paths)]).convert("RGB")) for i in range(first, min(first + 8, count))])
        probabilities, indices = network(batch).softmax(1).topk(5)
        best += indices[:, 0].tolist()
elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
print(f"Python, {threads} threads: {count / elapsed:.1f} images/s, {1000 * cpu / count:.1f} CPU-ms/image; best classes of the first images: {best[:8]}")

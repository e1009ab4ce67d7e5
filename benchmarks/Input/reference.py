"""The same round in PIL + torchvision, and the photos.

    reference.py photos DIR [SKIMAGE-DATA]   40 JPEGs of about 500x375 cut out of scikit-image's sample photographs
    reference.py measure DIR ROUNDS          images per CPU-second of one thread, and the hash of all results
    reference.py augmentations DIR ROUNDS    images per CPU-second of one thread, of decoded images
"""

import hashlib
import pathlib
import sys
import time

from PIL import Image

SOURCES = ["astronaut.png", "chelsea.png", "coffee.png", "hubble_deep_field.jpg", "ihc.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg"]


def photos(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(40):
        photo = Image.open(data / SOURCES[index % len(SOURCES)]).convert("RGB")
        width, height = [(500, 375), (500, 333), (375, 500), (500, 400), (480, 360)][index // len(SOURCES)]
        scale = max(width / photo.width, height / photo.height) * (1 + 0.07 * (index // len(SOURCES)))
        photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.LANCZOS)
        photo.crop((0, 0, width, height)).save(folder / f"{index:02}.jpg", quality=92)


def measure(folder, rounds):
    import torch
    from torchvision import transforms

    torch.set_num_threads(1)
    recipe = transforms.Compose([
        transforms.Resize(256),
        transforms.CenterCrop(224),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    paths = sorted(folder.glob("*.jpg"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(recipe(Image.open(path).convert("RGB")).numpy().tobytes())
    print("sha256", digest.hexdigest())
    # Other processes steal time and cache; the least CPU time of several rounds of each image is what it takes without them.
    best = [float("inf")] * len(paths)
    for _ in range(rounds):
        for index, path in enumerate(paths):
            start = time.thread_time()
            recipe(Image.open(path).convert("RGB"))
            best[index] = min(best[index], time.thread_time() - start)
    print(f"decode+resize+normalise {len(paths) / sum(best):.1f}")


def augmentations(folder, rounds):
    import torch
    from torchvision import transforms

    torch.set_num_threads(1)
    torch.manual_seed(1)
    images = [Image.open(path).convert("RGB") for path in sorted(folder.glob("*.jpg"))]
    start = [transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]
    end = [transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]
    recipes = {
        "crop+flip": [*start, *end],
        "crop+flip+jitter": [*start, transforms.ColorJitter(0.4, 0.4, 0.4, 0.1), *end],
        "crop+flip+RandAugment": [*start, transforms.RandAugment(2, 9), *end],
        "crop+flip+erasing": [*start, *end, transforms.RandomErasing(0.25)],
    }
    for name, steps in recipes.items():
        recipe = transforms.Compose(steps)
        before = time.thread_time()
        for _ in range(rounds):
            for image in images:
                recipe(image)
        print(f"{name} {rounds * len(images) / (time.thread_time() - before):.1f}")


if sys.argv[1] == "augmentations":
    augmentations(pathlib.Path(sys.argv[2]), int(sys.argv[3]))
elif sys.argv[1] == "photos":
    photos(pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3] if len(sys.argv) > 3 else "/usr/lib/python3/dist-packages/skimage/data"))
else:
    measure(pathlib.Path(sys.argv[2]), int(sys.argv[3]))

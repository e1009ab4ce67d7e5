"""Writes the checkpoints beside this file with PyTorch itself (made with Debian's python3-torch 1.13).

Run: /usr/bin/python3 make_goldens.py
Weights follow a formula that the tests compute again: element i of parameter k is ((i + k) % 17 - 8) / 16.
"""
import argparse
import collections
import io
import json
import os
import pickle
import struct
import zipfile
from collections import OrderedDict

import torch

HERE = os.path.dirname(os.path.abspath(__file__))


def save(value, name, **options):
    torch.save(value, os.path.join(HERE, name), **options)


def save_both(value, name):
    save(value, name + ".zip.pth")
    save(value, name + ".legacy.pth", _use_new_zipfile_serialization=False)


def formula(shape, k):
    count = int(torch.tensor(shape).prod())
    return torch.tensor([((i + k) % 17 - 8) / 16 for i in range(count)]).reshape(shape)


class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 4, 3, bias=False)
        self.bn = torch.nn.BatchNorm2d(4)
        self.classifier = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.classifier(torch.relu(self.bn(self.conv(x))).mean(dim=(2, 3)))


def tiny():
    model = Tiny()
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter.copy_(formula(parameter.shape, k))
    return model


def training():
    model = tiny()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, nesterov=True)
    for k, parameter in enumerate(model.parameters()):
        parameter.grad = torch.zeros_like(parameter)
        optimizer.state[parameter]["momentum_buffer"] = formula(parameter.shape, k + 100)
    parallel = torch.nn.DataParallel(model)
    save_both({
        "epoch": 3,
        "model": "cls_hrnet",
        "state_dict": parallel.state_dict(),
        "perf": torch.tensor(71.5),
        "optimizer": optimizer.state_dict(),
    }, "training")
    save(model.state_dict(), "protocol4.zip.pth", pickle_protocol=4)
    save(model.state_dict(), "protocol4.legacy.pth", pickle_protocol=4, _use_new_zipfile_serialization=False)
    save({"state_dict": model.state_dict(), "state_dict_ema": {"_orig_mod.w": formula((2, 2), 5)}, "note": "höhe"}, "ema.zip.pth")
    save(OrderedDict(p=model.conv.weight), "parameter.zip.pth")


def dtypes():
    values = [0.0, 1.0, 2.5, 100.0]
    result = OrderedDict()
    for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16,
                  torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool):
        result[str(dtype).removeprefix("torch.")] = torch.tensor(values).to(dtype)
    result["negative"] = torch.tensor([-1, -2**40])
    result["scalar"] = torch.tensor(42)
    result["empty"] = torch.empty(0, 3)
    save_both(result, "dtypes")


def shared():
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    save_both({"base": base, "column": base[:, 2], "transposed": base.t(), "row": base[3, 1:], "again": base}, "shared")


def averaged():
    """torch.optim.swa_utils: a counter beside names with a prefix."""
    model = torch.optim.swa_utils.AveragedModel(tiny())
    model.update_parameters(model.module)
    model.update_parameters(model.module)
    save({"model": model.state_dict(), "epoch": 2}, "averaged.zip.pth")


def timm():
    """What timm's CheckpointSaver writes in training: the command line and the scaler beside two sets of weights."""
    model = tiny()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.ones(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.MultiStepLR(torch.optim.SGD(model.parameters(), lr=1), [30, 60, 90])
    save({
        "epoch": 7,
        "arch": "hrnet_w18",
        "state_dict": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "version": 2,
        "args": argparse.Namespace(model="hrnet_w18", lr=1e-3, aug_splits=0, mean=None, device=torch.device("cuda", 0), img_size=[3, 224, 224]),
        "amp_scaler": {"scale": 65536.0, "growth_interval": 2000, "_growth_tracker": 0},
        "state_dict_ema": tiny().state_dict(),
        "metric": 76.77,
        "lr_scheduler": schedule.state_dict(),
    }, "timm.zip.pth")


def half():
    """A state dict of 16 bits, as people store weights to halve them; the counter stays an integer."""
    save(tiny().half().state_dict(), "half.zip.pth")
    save(tiny().bfloat16().state_dict(), "bfloat16.zip.pth")
    save(tiny().double().state_dict(), "double.legacy.pth", _use_new_zipfile_serialization=False)


def extras():
    """What people keep beside the weights: harmless, and no reason not to read them."""
    import datetime
    import pathlib
    import random

    import numpy as np

    attributed = torch.nn.Parameter(formula((2, 2), 1))
    attributed.note = "x"
    value = {
        "state_dict": OrderedDict(w=formula((2, 2), 5), p=attributed, epoch=3),
        "epoch": np.int64(7), "perf": np.float64(76.5), "seed": 14646872638012345678, "negative": -2**70,
        "scalars": [np.float32(0.5), np.float16(0.25), np.int8(-3), np.uint16(65535), np.uint64(2**64 - 1), np.bool_(True), np.array(1.5)[()], np.str_("ab")],
        "big": np.array([1.5], ">f8")[0], "array": np.arange(6).reshape(2, 3),
        "random": {"torch": torch.get_rng_state()[:16], "python": random.getstate(), "numpy": np.random.get_state()},
        "keys": {(1, 2): 3, 0.1: 4, None: 5, True: 6, (1, ("a", None)): 7, b"raw": 8},
        "bytes": b"xyz", "empty": b"", "complex": 1 - 2j, "set": {"a"}, "frozen": frozenset([1]), "path": pathlib.PosixPath("/x/y"),
        "when": datetime.datetime(2020, 1, 1), "took": datetime.timedelta(seconds=5), "dtype": torch.float32, "type": float, "numpy type": np.dtype("f4"),
        "history": collections.defaultdict(list, loss=[1.0]), "queue": collections.deque([1, 2], 5), "array of bytes": bytearray(b"ab"), "range": range(3),
    }
    save_both(value, "extras")
    save(value, "extras-protocol4.zip.pth", pickle_protocol=4)


def big_endian():
    """A file of a big-endian machine, where torch 2.1 and later write storages as they lie in memory and say so in 'byteorder'."""
    weights = OrderedDict(float32=torch.tensor([0.0, 1.0, 2.5, -100.0]), float16=torch.tensor([0.5, -2.0]).half(),
                          float64=torch.tensor([1 / 3], dtype=torch.float64), int64=torch.tensor([2**40 + 1, -2]), uint8=torch.tensor([1, 200], dtype=torch.uint8))
    little = io.BytesIO()
    torch.save(weights, little)
    sizes = {str(key): weights[name].element_size() for key, name in enumerate(weights)}
    with zipfile.ZipFile(little) as source, zipfile.ZipFile(os.path.join(HERE, "big-endian.zip.pth"), "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            folder, _, key = entry.filename.rpartition("/")
            if folder.endswith("/data"):
                size = sizes[key]
                data = b"".join(data[i:i + size][::-1] for i in range(0, len(data), size))
            target.writestr(zipfile.ZipInfo(entry.filename), data)
        target.writestr(zipfile.ZipInfo("archive/byteorder"), b"big")


def safetensors_file(name, tensors, metadata):
    """The format as its documentation describes it: the header's length, the header, the tensors' bytes; the header is padded with spaces."""
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    kinds = {torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32",
             torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL"}
    for key, tensor in tensors.items():
        raw = bytes(tensor.contiguous().view(-1).view(torch.uint8).tolist()) if tensor.numel() else b""
        header[key] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(HERE, name), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def safetensors():
    types = OrderedDict()
    for dtype in (torch.float64, torch.int64, torch.float32, torch.int32, torch.float16, torch.bfloat16, torch.int16, torch.int8, torch.uint8, torch.bool):
        types[str(dtype).removeprefix("torch.")] = torch.tensor([0.0, 1.0, 2.5, 100.0]).to(dtype)
    types["empty"] = torch.empty(0, 3)
    safetensors_file("dtypes.safetensors", types, None)
    safetensors_file("tiny.safetensors", tiny().state_dict(), {"format": "pt", "höhe": "5 m"})


class Window:
    """Stands for a storage view as torch 0.4 pickled it: a window of a root storage."""


def window():
    """The legacy format with view metadata, which newer torch reads but no longer writes."""

    class Pickler(pickle._Pickler):
        def persistent_id(self, value):
            if isinstance(value, Window):
                return ("storage", torch.FloatStorage, "root", "cuda:0", 10, ("view", 4, 6))
            return None

    class Tensor:
        def __reduce__(self):
            return (torch._utils._rebuild_tensor_v2, (Window(), 1, (2, 2), (2, 1), False, OrderedDict()))

    with open(os.path.join(HERE, "window.legacy.pth"), "wb") as file:
        pickle.dump(0x1950A86A20F9469CFC6C, file, protocol=2)
        pickle.dump(1001, file, protocol=2)
        pickle.dump(dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=4)), file, protocol=2)
        Pickler(file, protocol=2).dump({"w": Tensor()})
        pickle.dump(["root"], file, protocol=2)
        file.write(struct.pack("<q10f", 10, *range(10)))


if __name__ == "__main__":
    training()
    dtypes()
    shared()
    window()
    averaged()
    timm()
    half()
    big_endian()
    extras()
    safetensors()

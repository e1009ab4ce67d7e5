"""Writes the checkpoints beside this file with PyTorch itself (made with Debian's python3-torch 1.13).

Run: /usr/bin/python3 make_goldens.py
Weights follow a formula that the tests compute again: element i of parameter k is ((i + k) % 17 - 8) / 16.
"""
import os
import pickle
import struct
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


def training():
    model = Tiny()
    with torch.no_grad():
        for k, parameter in enumerate(model.parameters()):
            parameter.copy_(formula(parameter.shape, k))
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

"""The original network's shape in PyTorch, for tests in which Python loads what we wrote.

Written anew from the paper and the table of the variants; the tests compare the names and shapes of its parameters with those of the
original (network_logits.json), so that "loads with strict=True" means what it says.
"""
import torch
from torch import nn


def conv_bn(inputs, outputs, kernel, stride=1, bias=False, relu=True):
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), *([nn.ReLU()] if relu else []))


class Block(nn.Module):
    """Basic (two convolutions) or, with an expansion, bottleneck (three)."""

    def __init__(self, inputs, width, expansion=None):
        super().__init__()
        shapes = [(inputs, width, 3), (width, width, 3)] if expansion is None else \
            [(inputs, width, 1), (width, width, 3), (width, width * expansion, 1)]
        for i, (a, b, kernel) in enumerate(shapes, 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, kernel, padding=kernel // 2, bias=False))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b))
        self.count = len(shapes)
        outputs = shapes[-1][1]
        self.downsample = conv_bn(inputs, outputs, 1, relu=False) if inputs != outputs else None

    def forward(self, x):
        y = x
        for i in range(1, self.count + 1):
            y = getattr(self, f"bn{i}")(getattr(self, f"conv{i}")(y))
            y = torch.relu(y) if i < self.count else y
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class Fused(nn.Module):
    def __init__(self, widths, blocks):
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(*(Block(w, w) for _ in range(blocks))) for w in widths)
        self.fuse_layers = nn.ModuleList(nn.ModuleList(self.seen(widths, i, j) for j in range(len(widths))) for i in range(len(widths)))

    @staticmethod
    def seen(widths, i, j):
        if j == i:
            return None
        if j > i:
            return nn.Sequential(nn.Conv2d(widths[j], widths[i], 1, bias=False), nn.BatchNorm2d(widths[i]), nn.Upsample(scale_factor=2 ** (j - i)))
        return nn.Sequential(*(conv_bn(widths[j], widths[i] if last else widths[j], 3, 2, relu=not last)
                               for last in (step == i - j - 1 for step in range(i - j))))

    def forward(self, x):
        x = [branch(y) for branch, y in zip(self.branches, x)]
        return [torch.relu(sum(y if layer is None else layer(y) for layer, y in zip(row, x))) for row in self.fuse_layers]


class HrNet(nn.Module):
    def __init__(self, width=16, stage1=(1, 32), modules=(1, 1, 1), blocks=2, classes=1000):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 64, 3, 2, 1, bias=False), nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(*(Block(64 if i == 0 else stage1[1] * 4, stage1[1], 4) for i in range(stage1[0])))
        before = [stage1[1] * 4]
        for stage, count in zip((2, 3, 4), modules):
            after = [width * 2 ** i for i in range(stage)]
            setattr(self, f"transition{stage - 1}", nn.ModuleList(
                nn.Sequential(conv_bn(before[-1], w, 3, 2)) if i >= len(before) else conv_bn(before[i], w, 3) if w != before[i] else None
                for i, w in enumerate(after)))
            setattr(self, f"stage{stage}", nn.Sequential(*(Fused(after, blocks) for _ in range(count))))
            before = after
        heads = [32, 64, 128, 256]
        self.incre_modules = nn.ModuleList(nn.Sequential(Block(w, h, 4)) for w, h in zip(before, heads))
        self.downsamp_modules = nn.ModuleList(conv_bn(4 * a, 4 * b, 3, 2, bias=True) for a, b in zip(heads, heads[1:]))
        self.final_layer = conv_bn(1024, 2048, 1, bias=True)
        self.classifier = nn.Linear(2048, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.relu(self.bn2(self.conv2(x)))
        branches = [self.layer1(x)]
        for stage in (2, 3, 4):
            transition = getattr(self, f"transition{stage - 1}")
            branches = [branches[i] if layer is None else layer(branches[min(i, len(branches) - 1)]) for i, layer in enumerate(transition)]
            branches = getattr(self, f"stage{stage}")(branches)
        y = self.incre_modules[0](branches[0])
        for i, down in enumerate(self.downsamp_modules):
            y = self.incre_modules[i + 1](branches[i + 1]) + down(y)
        return self.classifier(self.final_layer(y).mean(dim=(2, 3)))

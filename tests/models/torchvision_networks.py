"""Networks as torchvision names and computes them, written down here since torchvision itself is not at hand.

They say what weights in its names mean: layers in its order, its parameter names, its paddings. Only the body; every
one returns its last maps.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def norm_relu(channels: int) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels), nn.ReLU()]


class BasicBlock(nn.Module):
    grows = 1

    def __init__(self, before: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, planes, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = shortcut(before, planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class Bottleneck(nn.Module):
    grows = 4

    def __init__(self, before: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.conv3 = nn.Conv2d(planes, 4 * planes, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * planes)
        self.downsample = shortcut(before, 4 * planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (self.downsample(x) if self.downsample else x))


def shortcut(before: int, after: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and before == after:
        return None
    return nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))


class ResNet(nn.Module):
    def __init__(self, block: type[BasicBlock | Bottleneck], repeats: Sequence[int]) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        before = 64
        for stage, count in enumerate(repeats):
            blocks = []
            for index in range(count):
                blocks.append(block(before, 64 << stage, 2 if stage and not index else 1))
                before = (64 << stage) * block.grows
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(before, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class DenseLayer(nn.Module):
    def __init__(self, before: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(before)
        self.conv1 = nn.Conv2d(before, 128, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 32, 3, 1, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))
        return torch.cat([x, y], 1)


class DenseNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        parts: list[tuple[str, nn.Module]] = [("conv0", nn.Conv2d(3, 64, 7, 2, 3, bias=False))]
        parts += [("norm0", nn.BatchNorm2d(64)), ("relu0", nn.ReLU()), ("pool0", nn.MaxPool2d(3, 2, 1))]
        channels = 64
        for block, count in enumerate((6, 12, 24, 16), start=1):
            layers = [(f"denselayer{n + 1}", DenseLayer(channels + 32 * n)) for n in range(count)]
            parts.append((f"denseblock{block}", nn.Sequential(OrderedDict(layers))))
            channels += 32 * count
            if block < 4:
                parts.append((f"transition{block}", transition(channels)))
                channels //= 2
        parts.append(("norm5", nn.BatchNorm2d(channels)))
        self.features = nn.Sequential(OrderedDict(parts))
        self.classifier = nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.features(x))


def transition(channels: int) -> nn.Sequential:
    norm, relu = norm_relu(channels)
    conv = nn.Conv2d(channels, channels // 2, 1, bias=False)
    return nn.Sequential(OrderedDict(norm=norm, relu=relu, conv=conv, pool=nn.AvgPool2d(2, 2)))


def conv_norm(before: int, after: int, kernel: int, stride: int = 1, *, groups: int = 1, act: bool = True):
    conv = nn.Conv2d(before, after, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), *([nn.SiLU()] if act else []))


class Squeeze(nn.Module):
    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.fc2(F.silu(self.fc1(x.mean((2, 3), keepdim=True)))))


class MBConv(nn.Module):
    def __init__(self, before: int, after: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = before * expand
        layers = [conv_norm(before, inner, 1)] if expand > 1 else []
        layers.append(conv_norm(inner, inner, kernel, stride, groups=inner))
        layers += [Squeeze(inner, max(1, before // 4)), conv_norm(inner, after, 1, act=False)]
        self.block = nn.Sequential(*layers)
        self.same = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(x)
        return x + y if self.same else y


class EfficientNet(nn.Module):
    # expansion, kernel, stride, channels, repeats: table 1 of the paper
    STAGES = ((1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3))
    STAGES = (*STAGES, (6, 5, 2, 192, 4), (6, 3, 1, 320, 1))

    def __init__(self) -> None:
        super().__init__()
        layers, before = [conv_norm(3, 32, 3, 2)], 32
        for expand, kernel, stride, after, repeats in self.STAGES:
            first = MBConv(before, after, kernel, stride, expand)
            layers.append(nn.Sequential(first, *(MBConv(after, after, kernel, 1, expand) for _ in range(repeats - 1))))
            before = after
        layers.append(conv_norm(before, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)

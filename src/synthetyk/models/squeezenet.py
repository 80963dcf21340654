"""SqueezeNet 1.0 (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360).

Evaluation only. Parameter names are the usual state-dict keys (``features.3.squeeze.weight``, ``classifier.1.bias``).
"""

import torch
from torch import Tensor, nn

BGR_MEAN = (104.0, 117.0, 123.0)
FEATURES = 512


class Fire(nn.Module):
    """Squeeze to few channels by 1x1, expand by 1x1 and 3x3 side by side (section 3.2)."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, channels, H, W)`` to ``(N, 2 * expanded, H, W)``."""
        x = self.squeeze(x).relu_()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], dim=1).relu_()


class SqueezeNet(nn.Module):
    """The network of table 1, with the ceil-mode pools of the published Caffe model."""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 7, stride=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(96, 16, 64),
            Fire(128, 16, 64),
            Fire(128, 32, 128),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(256, 32, 128),
            Fire(256, 48, 192),
            Fire(384, 48, 192),
            Fire(384, 64, 256),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(512, 64, 256),
        )
        self.classifier = nn.Sequential(nn.Identity(), nn.Conv2d(FEATURES, classes, 1))  # 0 was dropout

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map RGB in 0..255, ``(N, 3, H, W)``, to pooled features ``(N, 512)`` and logits ``(N, classes)``."""
        bgr = x.flip(1) - torch.tensor(BGR_MEAN).view(1, 3, 1, 1)
        x = self.features(bgr)
        return x.mean(dim=(2, 3)), self.classifier(x).relu().mean(dim=(2, 3))

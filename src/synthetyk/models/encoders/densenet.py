"""DenseNet-121 (Huang et al., "Densely connected convolutional networks", CVPR 2017), MONAI's."""

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from synthetyk.models.encoder import EncoderKind, EncoderShape, Standardised, State, initialise_published

INNER = re.compile(r"(denselayer\d+)\.((?:norm|conv)\d)")


class DenseNetEncoder(nn.Module):
    """All but the average and the last layer.

    Args:
        shape: Of the images.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        from monai.networks.nets.densenet import DenseNet121

        net: Any = DenseNet121(spatial_dims=2, in_channels=shape.channels, out_channels=1)
        if shape.small:
            net.features.conv0.stride = (1, 1)
            net.features.pool0 = nn.Identity()
        self.standardised = Standardised(shape.channels)
        self.features, self.relu = net.features, nn.ReLU()
        self.dimension: int = net.class_layers.out.in_features

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, 1024, H / 32, W / 32)``, of small images ``H / 8``."""
        maps: Tensor = self.relu(self.features(self.standardised(x)))
        return maps


def published(state: Mapping[str, Tensor]) -> State:
    """Return torchvision's weights under MONAI's names, without the classifier; both ways to write a layer are known.

    Old files call the first normalisation of a layer ``norm.1``, newer ones ``norm1``; MONAI calls it ``layers.norm1``.
    """
    plain = {re.sub(r"\.(norm|conv)\.(\d)", r".\1\2", name): value for name, value in state.items()}
    kept = {name: value for name, value in plain.items() if not name.startswith("classifier.")}
    return {INNER.sub(r"\1.layers.\2", name): value for name, value in kept.items()}


DENSENET121 = EncoderKind(
    summary="DenseNet-121",
    build=DenseNetEncoder,
    initialise=initialise_published,
    published=published,
    first="features.conv0.weight",
)

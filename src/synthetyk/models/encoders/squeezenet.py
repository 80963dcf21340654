"""SqueezeNet 1.0 as an encoder, and the published Caffe weights brought to ImageNet's mean and deviation."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from synthetyk.models.encoder import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    EncoderKind,
    EncoderShape,
    Standardised,
    State,
    initialise_published,
)
from synthetyk.models.squeezenet import BGR_MEAN, FEATURES, SqueezeNet

FIRST = "features.0"


class SqueezeNetEncoder(nn.Module):
    """All but dropout and the last convolution; parameter names are the usual ones.

    Args:
        shape: Of the images.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.standardised = Standardised(shape.channels)
        self.features = SqueezeNet(1).features
        stride = 1 if shape.small else 2
        self.features[0] = nn.Conv2d(shape.channels, 96, 7, stride=stride, padding=3 if shape.small else 0)
        self.dimension = FEATURES

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to ``(N, 512, h, w)``, h about an eighth of H, a sixteenth of large images'."""
        maps: Tensor = self.features(self.standardised(x))
        return maps


def published(state: Mapping[str, Tensor]) -> State:
    """Return weights in the usual names without the classifier."""
    return {name: value for name, value in state.items() if not name.startswith("classifier.")}


def from_caffe(state: Mapping[str, Tensor]) -> State:
    """Turn weights for BGR from 0 to 255 less a mean into the same function of standardised RGB.

    The first convolution is linear and not padded, so that nothing is lost: its weights take over the deviation, its
    bias the difference of the means.

    Args:
        state: The Caffe model's weights in the usual names.
    """
    weight, bias = state[f"{FIRST}.weight"].flip(1), state[f"{FIRST}.bias"]
    scale = 255 * torch.tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)
    shift = 255 * torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1) - torch.tensor(BGR_MEAN).flip(0).view(1, 3, 1, 1)
    mine = {f"{FIRST}.weight": weight * scale, f"{FIRST}.bias": bias + (weight * shift).sum(dim=(1, 2, 3))}
    return {**state, **mine}


SQUEEZENET = EncoderKind(
    summary="SqueezeNet 1.0",
    build=SqueezeNetEncoder,
    initialise=initialise_published,
    published=published,
    first=f"{FIRST}.weight",
)

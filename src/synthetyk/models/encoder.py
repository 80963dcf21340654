"""Encoders by name: networks that turn images into feature maps, and the door by which they enter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from synthetyk.core.errors import ArtifactError
from synthetyk.core.registry import Registry
from synthetyk.core.seeding import derive

ENCODERS = Registry("synthetyk.encoders", "encoder")

# Below this side a published network would have no map left to look at: its first convolution then keeps the size, and
# its first pooling is left out. Neither has weights, so that published ones still fit.
SMALL = 64
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

State = dict[str, Tensor]


@dataclass(frozen=True)
class EncoderShape:
    """What an encoder is built for.

    Attributes:
        channels: Colour channels of an image, 1 or 3.
        height: In pixels.
        width: In pixels.
        base: Channels of the first block, of encoders that come in all widths.
    """

    channels: int
    height: int
    width: int
    base: int = 32

    @property
    def small(self) -> bool:
        """Whether the first halvings are left out."""
        return min(self.height, self.width) < SMALL


@dataclass(frozen=True)
class EncoderKind:
    """One entry of the registry.

    Attributes:
        summary: What it is, in a few words.
        build: Builds a module that maps float32 images ``(N, C, H, W)`` in [-1, 1] to maps ``(N, dimension, h, w)``;
            an attribute ``dimension`` says how many channels they have.
        initialise: Draws its first weights.
        published: Turns a state dict in torchvision's names, made for RGB, into one in the module's own; None if there
            are no published weights.
        first: Name of the weights that see the colours.
    """

    summary: str
    build: Callable[[EncoderShape], nn.Module]
    initialise: Callable[[nn.Module, torch.Generator], None]
    published: Callable[[Mapping[str, Tensor]], State] | None = None
    first: str = ""


def encoder_kind(name: str) -> EncoderKind:
    """Return a registered encoder.

    Raises:
        UnknownNameError: None has that name; the message names the nearest.
    """
    found: EncoderKind = ENCODERS.load(name)
    return found


def build_encoder(name: str, shape: EncoderShape, seed: int) -> nn.Module:
    """Return a registered encoder with the first weights of a seed.

    Raises:
        UnknownNameError: None has that name.
    """
    kind = encoder_kind(name)
    network = kind.build(shape)
    kind.initialise(network, torch.Generator().manual_seed(derive(seed, "encoder")))
    return network


def from_published(name: str, state: Mapping[str, Tensor], channels: int, origin: str) -> State:
    """Return published weights as an encoder of `channels` takes them.

    For one channel the weights of the three colours are added, so that a grey image is seen as a colour image of three
    equal channels would be, but for the colours' own means.

    Args:
        name: Of the encoder.
        state: Weights for RGB images in torchvision's names; those of its classifier are passed over.
        channels: 1 or 3.
        origin: What to call the weights in an error.

    Raises:
        ArtifactError: No weights are published for this encoder, or these are not for colour images.
    """
    kind = encoder_kind(name)
    if kind.published is None:
        raise ArtifactError(f"No weights are published for the encoder {name}", action="Train it from nothing")
    mine = kind.published(state)
    seen = mine.get(kind.first)
    if seen is not None and channels == 1:
        if seen.ndim != 4 or seen.shape[1] != 3:
            raise ArtifactError(f"{origin} is not for colour images", expected=f"{kind.first} of shape (., 3, ., .)")
        mine[kind.first] = seen.sum(dim=1, keepdim=True)
    return mine


class Standardised(nn.Module):
    """Brings images in [-1, 1] to the mean and deviation of ImageNet, channel by channel; grey to their average.

    Args:
        channels: 1 or 3.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        for name, values in (("mean", IMAGENET_MEAN), ("deviation", IMAGENET_DEVIATION)):
            each = torch.tensor(values).view(1, 3, 1, 1)
            grey = each.mean(dim=1, keepdim=True)
            self.register_buffer(name, each if channels == 3 else grey, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, C, H, W)`` to the same shape."""
        return (x * 0.5 + 0.5 - self.mean) / self.deviation


@torch.no_grad()
def initialise_published(network: nn.Module, random: torch.Generator) -> None:
    """Draw first weights as the published networks do: He's normal for convolutions, every normalisation neutral."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=random)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)

"""GAN networks by name: the shape that all architectures share, and the door by which they enter."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import nn

from synthetyk.core.config import Config
from synthetyk.core.errors import ConfigError
from synthetyk.core.registry import Registry
from synthetyk.core.seeding import derive
from synthetyk.models.per_class import PerClass

ARCHITECTURES = Registry("synthetyk.architectures", "GAN architecture")
EMBEDDING_DEVIATION = 0.1  # as large as the noise, an embedding would teach the generator to ignore the noise


class NetworkConfig(Config):
    """The shape of both networks.

    Attributes:
        architecture: Name of a registered architecture, for example ``dcgan``.
        resolution: Height and width of an image in pixels.
        channels: 1 (grey) or 3 (RGB).
        classes: Number of classes; 0 means unconditional.
        latent: Numbers in the noise vector z.
        width: Channels of the layer next to the image; every halving of the size doubles them.
        width_limit: No layer has more channels than this.
        layers: Channels from the smallest feature map to the largest where they follow no rule; empty: they do.
        discriminator: Whether one discriminator is ``shared`` by all classes, or there is one ``per_class``.
    """

    architecture: str = "dcgan"
    resolution: Literal[28, 32, 64, 128, 256] = 64
    channels: Literal[1, 3] = 1
    classes: int = Field(default=0, ge=0)
    latent: int = Field(default=100, ge=1, le=1024)
    width: int = Field(default=128, ge=4, le=512)
    width_limit: int = Field(default=1024, ge=4)
    layers: tuple[int, ...] = ()
    discriminator: Literal["shared", "per_class"] = "shared"

    @property
    def base(self) -> int:
        """Height and width of the smallest feature map in pixels."""
        return 7 if self.resolution == 28 else 4

    @property
    def blocks(self) -> int:
        """How often the size doubles from the smallest feature map to the image."""
        return (self.resolution // self.base).bit_length() - 1

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels from the smallest feature map to the largest, ``(1024, 512, 256, 128)`` for DCGAN's network."""
        ruled = tuple(min(self.width << block, self.width_limit) for block in reversed(range(self.blocks)))
        return self.layers or ruled

    @model_validator(mode="after")
    def _layers_fit(self) -> Self:
        if self.layers and len(self.layers) != self.blocks:
            raise ValueError(f"{self.blocks} layers at {self.resolution} pixels, found {len(self.layers)}")
        return self

    @model_validator(mode="after")
    def _classes_for_discriminators(self) -> Self:
        if self.discriminator == "per_class" and not self.classes:
            raise ValueError("classes for a discriminator per class, or a shared discriminator")
        return self


@dataclass(frozen=True)
class Architecture:
    """A pair of networks and how their weights begin.

    Attributes:
        generator: Builds a module that maps noise ``(N, latent)`` and labels ``(N,)``, or None, to images
            ``(N, C, R, R)`` in [-1, 1].
        discriminator: Builds a module that maps images and labels, or None, to logits ``(N,)``: above 0 it says real.
        deviation: Standard deviation that the weights of one layer begin with, around 0.
        generator_normalises: Whether an image drawn in training depends on the rest of its batch.
        discriminator_normalises: Whether an image's logit in training does.
    """

    generator: Callable[[NetworkConfig], nn.Module]
    discriminator: Callable[[NetworkConfig], nn.Module]
    deviation: Callable[[nn.Module], float]
    generator_normalises: bool
    discriminator_normalises: bool


def architecture(name: str) -> Architecture:
    """Return a registered architecture.

    Raises:
        UnknownNameError: None has that name; the message names the nearest.
    """
    found: Architecture = ARCHITECTURES.load(name)
    return found


def build_generator(config: NetworkConfig, seed: int | None = None, purpose: str = "") -> nn.Module:
    """Return a generator; with a `seed` its weights are those of that seed and purpose, else they are to be loaded."""
    kind = architecture(config.architecture)
    return _built(kind.generator(config), kind, seed, purpose)


def build_discriminator(config: NetworkConfig, seed: int | None = None, purpose: str = "") -> nn.Module:
    """Return a discriminator; see `build_generator`."""
    kind = architecture(config.architecture)
    network = _per_class(kind, config) if config.discriminator == "per_class" else kind.discriminator(config)
    return _built(network, kind, seed, purpose)


def _per_class(kind: Architecture, config: NetworkConfig) -> nn.Module:
    """Return one discriminator of an architecture for each class.

    Raises:
        ConfigError: Its logits depend on the rest of a batch.
    """
    if kind.discriminator_normalises:
        raise ConfigError(
            f"A discriminator per class was asked of {config.architecture}, whose batch normalisation would see only a"
            " part of each batch",
            expected="a shared discriminator (gan_discriminator=shared in the plan), or a recipe without batch"
            " normalisation",
        )
    one = config.replace(classes=0, discriminator="shared")
    return PerClass(kind.discriminator(one) for _ in range(config.classes))


def _built(network: nn.Module, kind: Architecture, seed: int | None, purpose: str) -> nn.Module:
    if seed is not None:
        initialise(network, kind.deviation, seed, purpose)
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


@torch.no_grad()
def initialise(network: nn.Module, deviation: Callable[[nn.Module], float], seed: int, purpose: str) -> None:
    """Draw every weight of `network` anew from one address; the only place where weights begin."""
    generator = torch.Generator().manual_seed(derive(seed, purpose))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            module.weight.normal_(0, deviation(module), generator=generator)
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            module.weight.normal_(1, deviation(module), generator=generator)
        if isinstance(bias := getattr(module, "bias", None), nn.Parameter):
            bias.zero_()

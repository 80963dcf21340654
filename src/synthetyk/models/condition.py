"""How a class enters the networks of a GAN, and how it is faded in.

With few images the condition makes a GAN collapse; learning first what all classes have in common avoids it (Shahbazi,
Danelljan, Paudel and Van Gool, "Collapse by conditioning: training class-conditional GANs with limited data", ICLR
2022, section 4). Both modules hold the condition's strength, from 0 to 1, as a part of their state.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from synthetyk.models.gan_network import NetworkConfig


class ClassInput(nn.Module):
    """Puts an embedding of the class beside the noise; without classes it changes nothing.

    Attributes:
        size: Numbers that come out for each image.
    """

    strength: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.embed = nn.Embedding(config.classes, config.latent) if config.classes else None
        self.size = config.latent * (2 if config.classes else 1)
        self.register_buffer("strength", torch.ones(()))

    def forward(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """Map noise ``(N, latent)`` and labels ``(N,)`` to ``(N, size)``."""
        return z if self.embed is None else torch.cat([z, self.strength * self.embed(labels)], dim=1)


class ClassScore(nn.Module):
    """The inner product of features with the embedding of the class.

    Miyato and Koyama, "cGANs with projection discriminator", ICLR 2018, equation 4.

    Args:
        config: Says how many classes there are; none score nothing.
        features: Numbers that describe an image.
    """

    strength: Tensor

    def __init__(self, config: NetworkConfig, features: int) -> None:
        super().__init__()
        self.project = nn.Linear(features, config.classes, bias=False) if config.classes else None
        self.register_buffer("strength", torch.ones(()))

    def forward(self, h: Tensor, labels: Tensor | None) -> Tensor:
        """Map features ``(N, features)`` and labels ``(N,)`` to scores ``(N,)``."""
        if self.project is None or labels is None:
            return h.new_zeros(len(h))
        scores: Tensor = self.strength * self.project(h).gather(1, labels[:, None]).squeeze(1)
        return scores


def renewed(network: nn.Module, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the state of a network with the names that it has now.

    Before the class had modules of its own, a generator held ``embed.weight`` and a discriminator ``project.weight``;
    there was no strength.
    """
    wanted, found = network.state_dict(), dict(tensors)
    for part, name in (("condition", "embed.weight"), ("by_class", "project.weight")):
        if name in found and name not in wanted:
            found[f"{part}.{name}"] = found.pop(name)
        if f"{part}.strength" in wanted:
            found.setdefault(f"{part}.strength", torch.ones(()))
    return found


@torch.no_grad()
def set_strength(network: nn.Module, strength: float) -> None:
    """Set how much the class counts in a network, from 0 to 1."""
    for module in network.modules():
        if isinstance(module, ClassInput | ClassScore):
            module.strength.fill_(strength)

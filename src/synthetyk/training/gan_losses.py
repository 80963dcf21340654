"""The losses of a GAN, on logits: above 0 the discriminator says real."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

LossName = Literal["bce", "hinge", "relativistic"]


@dataclass(frozen=True)
class GANLoss:
    """What both networks minimise.

    Attributes:
        discriminator: Maps the logits of real and of generated images, both ``(N,)``, to a scalar.
        generator: Maps the same to a scalar; only `relativistic` looks at the real ones.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def _bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy (Goodfellow et al., "Generative adversarial nets", NeurIPS 2014, section 3)."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def _bce_generator(_real: Tensor, fake: Tensor) -> Tensor:
    """Non-saturating (ibid.)."""
    return F.softplus(-fake).mean()


def _hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Hinge (Lim and Ye, "Geometric GAN", arXiv:1705.02894, section 3)."""
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


def _hinge_generator(_real: Tensor, fake: Tensor) -> Tensor:
    return -fake.mean()


def _relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Pairs: is the real image more real than this generated one?

    Jolicoeur-Martineau, "The relativistic discriminator", ICLR 2019, section 4; Huang et al., "The GAN is dead; long
    live the GAN!", NeurIPS 2024, equation 2: no landscape that traps the generator on a few images.
    """
    return F.softplus(fake - real).mean()


def _relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(real - fake).mean()


LOSSES: dict[LossName, GANLoss] = {
    "bce": GANLoss(_bce_discriminator, _bce_generator),
    "hinge": GANLoss(_hinge_discriminator, _hinge_generator),
    "relativistic": GANLoss(_relativistic_discriminator, _relativistic_generator),
}


def squared_gradients(logits: Tensor, images: Tensor) -> Tensor:
    """Return the squared length ``(N,)`` of each logit's gradient at its image ``(N, C, H, W)``, itself differentiable.

    The zero-centred penalties R1 on real and R2 on generated images are gamma / 2 times its mean (Mescheder, Geiger and
    Nowozin, "Which training methods for GANs do actually converge?", ICML 2018, equation 9). No image's logit may
    depend on another image.
    """
    (gradients,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradients.square().sum(dim=(1, 2, 3))

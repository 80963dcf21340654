"""Holds generated images as varied as real ones, batch by batch.

A discriminator that judges images one by one sees that each looks right, not that they are too much alike. So the
generator is also told how far every coarse pixel varies over a batch, beside how far it varies over the batch of real
images of the same classes: feature matching (Salimans et al., "Improved techniques for training GANs", NeurIPS 2016,
section 3.1) of second moments (as Mroueh, Sercu and Goel, "McGan: mean and covariance feature matching GAN", ICML 2017,
do in learned features). Fine pixels are left to the discriminator. Since the spread of a small batch is itself a matter
of chance, which the square punishes, the least loss lies a little below the real spread: at 0.97 of it for 16 images.
"""

import torch.nn.functional as F
from torch import Tensor

FINE = 32  # pixels: from this size on, four by four of them make a coarse one


def spread(images: Tensor) -> Tensor:
    """Return the standard deviation of every coarse pixel over a batch ``(N, C, H, W)`` of at least two images."""
    coarse = F.avg_pool2d(images, 4) if images.shape[-1] >= FINE else images
    return coarse.std(dim=0)


def spread_loss(fake: Tensor, real: Tensor) -> Tensor:
    """Return the squared difference of both spreads, as a part of the square of the real one.

    Args:
        fake: Generated images ``(N, C, H, W)``; gradients pass.
        real: Real images of the same labels, likewise.
    """
    wanted = spread(real).detach()
    return (wanted - spread(fake)).square().mean() / wanted.square().mean().clamp(min=1e-3)

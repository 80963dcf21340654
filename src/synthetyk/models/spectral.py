"""A generator that enlarges and convolves, against a discriminator with spectral instead of batch normalisation.

Batch normalisation makes a batch of generated images that are too much alike look as varied as real ones. Spectral
normalisation bounds the slope of a layer by its weights alone, so that images are judged one by one, and real and
generated ones in one pass (Miyato, Kataoka, Koyama and Yoshida, "Spectral normalization for generative adversarial
networks", ICLR 2018, section 2.1 and algorithm 1). The shape is DCGAN's, and spectral norms stand where that has batch
normalisation: the first convolution and the last, linear layer are free.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.models import dcgan
from synthetyk.models.gan_network import Architecture, NetworkConfig
from synthetyk.models.upconv import UPCONV

GAIN = 1.6  # makes up for what LeakyReLU takes of the signal, layer by layer; other values were not tried


class SpectralConv2d(nn.Conv2d):
    """Halves the size; its weights, as a matrix ``(after, before * 16)``, are scaled to a largest singular value of 1.

    That value is estimated by one step of the power iteration at every pass in training, from where the last one ended.
    """

    u: Tensor

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 4, 2, 1)
        self.register_buffer("u", torch.full((after,), after**-0.5))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(N, before, H, W)`` to ``(N, after, H / 2, W / 2)``."""
        with torch.autocast(x.device.type, enabled=False):
            weight = self.weight / self._largest(self.weight.flatten(1))
        return GAIN * F.conv2d(x, weight, self.bias, 2, 1)

    def _largest(self, matrix: Tensor) -> Tensor:
        """Return the largest singular value, differentiable by the matrix."""
        with torch.no_grad():
            v = F.normalize(matrix.T @ self.u, dim=0)
            u = F.normalize(matrix @ v, dim=0)
            if self.training:
                self.u.copy_(u)
        return torch.dot(u, matrix @ v)


class Discriminator(dcgan.Discriminator):
    """Maps images ``(N, C, R, R)`` and labels ``(N,)`` to logits ``(N,)``: above 0 it says real."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        widths = config.widths[::-1]
        layers: list[nn.Module] = [nn.Conv2d(config.channels, widths[0], 4, 2, 1), nn.LeakyReLU(0.2)]
        for before, after in pairwise(widths):
            layers += [SpectralConv2d(before, after), nn.LeakyReLU(0.2)]
        self.blocks = nn.Sequential(*layers)


SPECTRAL = Architecture(
    UPCONV.generator, Discriminator, dcgan.DCGAN.deviation, generator_normalises=True, discriminator_normalises=False
)

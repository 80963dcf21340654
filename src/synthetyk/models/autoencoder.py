"""An autoencoder around any encoder: what its maps keep of an image shows in the image that is drawn from them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from synthetyk.core.seeding import derive
from synthetyk.models.encoder import EncoderShape, build_encoder, initialise_published

WIDEST, NARROWEST = 128, 16


class Autoencoder(nn.Module):
    """An encoder, a narrow place where asked for, and a decoder that enlarges and convolves.

    Args:
        encoder: Maps images ``(N, C, H, W)`` in [-1, 1] to maps ``(N, dimension, h, w)``.
        shape: Of the images.
        code: Channels of the narrow place; 0: there is none. What is to be found as strange must not fit through it.
        seed: Seed of the first weights of all but the encoder.
    """

    def __init__(self, encoder: nn.Module, shape: EncoderShape, code: int, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.size = shape.height, shape.width
        with torch.no_grad():
            images = torch.zeros(1, shape.channels, *self.size)
            _, dimension, rows, _ = encoder.eval()(images).shape
        self.code = nn.Conv2d(dimension, code, 1) if code else nn.Identity()
        self.decoder = _decoder(code or dimension, shape.channels, round(math.log2(shape.height / rows)))
        random = torch.Generator().manual_seed(derive(seed, "autoencoder"))
        for part in (self.code, self.decoder):
            initialise_published(part, random)

    @classmethod
    def build(cls, name: str, shape: EncoderShape, code: int, seed: int) -> "Autoencoder":
        """Return an autoencoder with a registered encoder and the first weights of a seed.

        Raises:
            UnknownNameError: No encoder has that name.
        """
        network = cls(build_encoder(name, shape, seed), shape, code, seed)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(N, C, H, W)`` in [-1, 1] to what is drawn of them, the same shape and range."""
        drawn = self.decoder(self.code(self.encoder(x)))
        return F.interpolate(drawn, size=self.size, mode="bilinear", align_corners=False).tanh()


def _decoder(before: int, channels: int, doublings: int) -> nn.Sequential:
    """Halve the channels whenever the size doubles, between `WIDEST` and `NARROWEST`."""
    after = min(before, WIDEST) if before > NARROWEST else WIDEST // 2
    layers: list[nn.Module] = [nn.Conv2d(before, after, 1), nn.ReLU()]
    for _ in range(doublings):
        before, after = after, max(after // 2, NARROWEST)
        conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
        layers += [nn.Upsample(scale_factor=2), conv, nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(after, channels, 3, padding=1))

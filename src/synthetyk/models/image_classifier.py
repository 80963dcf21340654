"""A classifier of images: an encoder, the average of its maps, and one linear layer."""

import torch
from torch import Tensor, nn

from synthetyk.core.seeding import derive
from synthetyk.models.encoder import EncoderShape, build_encoder


class ImageClassifier(nn.Module):
    """Logits of images of any size, and where on the image they come from.

    Args:
        encoder: Maps images ``(N, C, H, W)`` in [-1, 1] to maps ``(N, dimension, h, w)``.
        classes: How many classes to tell apart.
        seed: Seed of the head's first weights, which are small: a fresh classifier says that all classes are alike.
    """

    def __init__(self, encoder: nn.Module, classes: int, seed: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(_dimension(encoder), classes)
        random = torch.Generator().manual_seed(derive(seed, "classifier/head"))
        nn.init.normal_(self.head.weight, std=0.01, generator=random)
        nn.init.zeros_(self.head.bias)

    @classmethod
    def build(cls, name: str, shape: EncoderShape, classes: int, seed: int) -> "ImageClassifier":
        """Return a classifier with a registered encoder and the first weights of a seed.

        Raises:
            UnknownNameError: No encoder has that name.
        """
        network = cls(build_encoder(name, shape, seed), classes, seed)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    @property
    def dimension(self) -> int:
        """Length of one feature vector."""
        return self.head.in_features

    def features(self, x: Tensor) -> Tensor:
        """Map float32 images ``(N, C, H, W)`` in [-1, 1] to pooled features ``(N, dimension)``."""
        pooled: Tensor = self.encoder(x).mean(dim=(2, 3))
        return pooled

    def forward(self, x: Tensor) -> Tensor:
        """Map float32 images ``(N, C, H, W)`` in [-1, 1] to logits ``(N, classes)``."""
        logits: Tensor = self.head(self.features(x))
        return logits

    def activation_maps(self, x: Tensor) -> Tensor:
        """Map images to what each place adds to each logit, ``(N, classes, h, w)``; its mean is the logit.

        Zhou et al., "Learning deep features for discriminative localization", CVPR 2016, equation 2, with the head's
        bias on every place.
        """
        maps: Tensor = torch.einsum("kd,ndhw->nkhw", self.head.weight, self.encoder(x))
        return maps + self.head.bias[:, None, None]


def _dimension(encoder: nn.Module) -> int:
    dimension = encoder.dimension
    assert isinstance(dimension, int)
    return dimension

"""A discriminator for each class, side by side.

One that judges all classes rewards an image for being typical of its class (see `condition.ClassScore`), and what is
hard to classify is lost from the generated images. One that meets a single class has nothing to be typical of.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class PerClass(nn.Module):
    """Maps images ``(N, C, R, R)`` and labels ``(N,)`` to logits ``(N,)``: above 0 the label's discriminator says real.

    Args:
        parts: A discriminator without classes for each class, in order; none may look at more than one image at a time.
    """

    def __init__(self, parts: Iterable[nn.Module]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Score images.

        Args:
            images: float32 ``(N, C, R, R)`` in [-1, 1].
            labels: int64 ``(N,)``.
        """
        return score_all(self.parts, images, labels) if images.is_cuda else score_own(self.parts, images, labels)


def score_own(parts: nn.ModuleList, images: Tensor, labels: Tensor) -> Tensor:
    """Return the logits ``(N,)``, each image shown to the part of its class alone."""
    rows = [(labels == label).nonzero().squeeze(1) for label, _ in enumerate(parts)]
    logits = [part(images[own], None) for part, own in zip(parts, rows, strict=True) if len(own)]
    return torch.cat(logits)[torch.cat(rows).argsort()]


def score_all(parts: nn.ModuleList, images: Tensor, labels: Tensor) -> Tensor:
    """Return the same logits, each image shown to every part: dearer, but of fixed shapes, which a record needs.

    The gradients are the same too, but of a class that the batch lacks they are 0 instead of none.
    """
    logits = torch.stack([part(images, None) for part in parts], dim=1)  # (N, classes)
    return logits.gather(1, labels[:, None]).squeeze(1)

"""Images by their number: image i of class c is the same bits whatever the batch, the process or who asked."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from synthetyk.core.errors import TrainingError
from synthetyk.core.noise import in_chunks, noise_of
from synthetyk.data.dataset import from_unit

CHUNK = 32  # the network always runs on this many images, numbered from a multiple of it


class Sampler:
    """Draws numbered images from a generator.

    Args:
        generator: Maps noise ``(N, latent)`` and labels ``(N,)`` to images ``(N, C, H, W)`` in [-1, 1]; it is used in
            evaluation mode.
        classes: Number of classes; 0 if unconditional.
        latent: Numbers in the noise vector.
        seed: The seed of all images.
        noise_scale: What noise is multiplied with, see `training.noise_scale`.
    """

    def __init__(self, generator: nn.Module, classes: int, latent: int, seed: int, noise_scale: float = 1.0) -> None:
        # The memory layout decides the last bit of a convolution, so it is fixed here.
        self.generator = generator.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.classes, self.latent, self.seed, self.noise_scale = classes, latent, seed, noise_scale

    def widened(self, noise_scale: float) -> "Sampler":
        """Return a sampler of the same generator whose noise has this scale."""
        return Sampler(self.generator, self.classes, self.latent, self.seed, noise_scale)

    def sample(
        self, label: int | None, indices: Sequence[int] | NDArray[np.int64], *, truncation: float = 1.0
    ) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, H, W)``, in the order of `indices`.

        Args:
            label: Class of the images; None for an unconditional generator.
            indices: Number of each image within its class, at least 0; an empty list is an error.
            truncation: Scale of the noise, over `noise_scale`: below 1 images are more typical and less varied.

        Raises:
            TrainingError: The label does not fit the generator.
        """
        self._check(label)
        return in_chunks(indices, CHUNK, partial(self._chunk, label, truncation))

    def _check(self, label: int | None) -> None:
        if self.classes == 0 and label is not None:
            raise TrainingError(f"Class {label} was asked of an unconditional generator", expected="label None")
        if self.classes and (label is None or not 0 <= label < self.classes):
            raise TrainingError(f"There is no class {label}", expected=f"a label from 0 to {self.classes - 1}")

    @torch.no_grad()
    def _chunk(self, label: int | None, truncation: float, numbers: range) -> NDArray[np.uint8]:
        z = torch.from_numpy(noise_of(self.seed, label, numbers, self.latent, truncation * self.noise_scale))
        labels: Tensor | None = None if label is None else torch.full((CHUNK,), label, dtype=torch.int64)
        device = next(self.generator.parameters()).device
        drawn = self.generator(z.to(device), None if labels is None else labels.to(device))
        images: NDArray[np.float32] = drawn.contiguous().cpu().numpy()
        return from_unit(images)

"""Images by their number from a ``generator.onnx``: image i is the one that torch draws, but for its last bits."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.noise import in_chunks, noise_of
from synthetyk.data.dataset import from_unit
from synthetyk.runtime.session import OnnxModel
from synthetyk.training.generator_file import GeneratorCard
from synthetyk.training.sampler import CHUNK


class OnnxSampler:
    """Draws numbered images, as `training.sampler.Sampler` does.

    Args:
        model: A ``generator.onnx``, which holds its noise scale.
        card: What is known about the generator.
        threads: How many compute.

    Attributes:
        classes: Number of classes; 0 if unconditional.
    """

    def __init__(self, model: bytes, card: GeneratorCard, threads: int = 1) -> None:
        self.classes, self.latent, self.seed = card.network.classes, card.network.latent, card.seed
        self._model = OnnxModel(model, "generator.onnx", threads=threads)

    def sample(self, label: int | None, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, H, W)`` of a class (None if unconditional), by their number within it."""
        return in_chunks(indices, CHUNK, partial(self._draw, label))

    def _draw(self, label: int | None, numbers: range) -> NDArray[np.uint8]:
        feeds: dict[str, NDArray[np.float32] | NDArray[np.int64]]
        feeds = {"noise": noise_of(self.seed, label, numbers, self.latent)}
        if label is not None:
            feeds["labels"] = np.full(len(numbers), label, dtype=np.int64)
        return from_unit(self._model.run(["images"], feeds)[0])

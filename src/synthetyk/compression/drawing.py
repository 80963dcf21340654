"""Images by their number from a ``generator.onnx``: image i is the one that torch draws, but for its last bits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from synthetyk.compression.session import OnnxSession
from synthetyk.core import seeding
from synthetyk.data.dataset import from_unit
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
        self._session = OnnxSession(model, threads)

    def sample(self, label: int | None, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, H, W)`` of a class (None if unconditional), by their number within it."""
        wanted = np.asarray(indices, dtype=np.int64)
        chunks, inverse = np.unique(wanted // CHUNK, return_inverse=True)
        drawn = np.concatenate([self._chunk(label, int(chunk)) for chunk in chunks])
        images: NDArray[np.uint8] = drawn[inverse * CHUNK + wanted % CHUNK]
        return images

    def _chunk(self, label: int | None, chunk: int) -> NDArray[np.uint8]:
        numbers = range(chunk * CHUNK, (chunk + 1) * CHUNK)
        purpose = f"generate/{'all' if label is None else label}"
        feeds: dict[str, NDArray[np.float32] | NDArray[np.int64]] = {
            "noise": seeding.normal(self.seed, purpose, numbers, self.latent)
        }
        if label is not None:
            feeds["labels"] = np.full(CHUNK, label, dtype=np.int64)
        return from_unit(self._session.run(feeds, ["images"])[0])

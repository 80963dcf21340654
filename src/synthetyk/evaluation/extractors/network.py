"""What the extractors share: stored images into a network, batch by batch."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from synthetyk.core.errors import MissingDependencyError
from synthetyk.metrics.extractor import FeatureExtractor

# More does not fit a processor's cache and takes longer.
BATCH = 16

Described = tuple[NDArray[np.float32], NDArray[np.float32] | None]


def in_batches(forward: Callable[[Tensor], tuple[Tensor, ...]], images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Run RGB images through a network and join each of its outputs.

    Args:
        forward: Maps float32 RGB in 0..255, ``(n, 3, H, W)``, to tensors of n rows.
        images: uint8 ``(N, C, H, W)`` with C 1 (repeated to 3) or 3, N at least 1.
    """
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(images[start : start + BATCH]))
            rgb = batch.float().expand(-1, 3, -1, -1).contiguous(memory_format=torch.channels_last)
            parts.append(forward(rgb))
    return [torch.cat(output).numpy() for output in zip(*parts, strict=True)]


def resize(x: Tensor, side: int) -> Tensor:
    """Resize ``(N, C, H, W)`` to a square by bilinear interpolation, low-passed where it shrinks."""
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False, antialias=True)


def softmax(logits: NDArray[Any]) -> NDArray[np.float32]:
    """Return rows that sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    rows: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return rows


def describe(extractor: FeatureExtractor, images: NDArray[np.uint8]) -> Described:
    """Return features and probabilities, in one pass where the extractor offers a ``describe`` of its own."""
    both: Callable[[NDArray[np.uint8]], Described] | None = getattr(extractor, "describe", None)
    return both(images) if both else (extractor.features(images), extractor.probabilities(images))


def require(location: Path | None, what: str, source: str) -> Path:
    """Return `location` if something is there.

    Raises:
        MissingDependencyError: Nothing is; the message says where `what` can be had.
    """
    if location is not None and location.exists():
        return location
    found = f"No path to {what} was given" if location is None else f"There is no {what} at {location}"
    raise MissingDependencyError(found, action=f"{source}; give its path, or use the extractor 'learned'")

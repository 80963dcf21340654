"""The noise that numbered images are drawn from, and the chunks they are drawn in: one way for torch and for ONNX."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding


def noise_of(
    seed: int, label: int | None, numbers: Sequence[int] | NDArray[np.int64], latent: int, scale: float = 1.0
) -> NDArray[np.float32]:
    """Return the noise of numbered images of a class.

    Args:
        seed: The seed of all images.
        label: Their class; None if the generator has none.
        numbers: Number of each image within its class, at least 0.
        latent: Numbers in a noise vector.
        scale: What standard normal noise is multiplied with.

    Returns:
        float32 ``(len(numbers), latent)``.
    """
    purpose = f"generate/{'all' if label is None else label}"
    drawn: NDArray[np.float32] = seeding.normal(seed, purpose, numbers, latent) * np.float32(scale)
    return drawn


def in_chunks(
    indices: Sequence[int] | NDArray[np.int64], size: int, draw: Callable[[range], NDArray[np.uint8]]
) -> NDArray[np.uint8]:
    """Return numbered images, each drawn with the whole chunk that it belongs to.

    How many images a network runs on changes the last bits of what it computes: image i is the same whatever else was
    asked for, if it is always drawn among the same images.

    Args:
        indices: Number of each image, at least 0; an empty list is an error.
        size: Images in a chunk, numbered from a multiple of it.
        draw: Returns the images ``(size, C, H, W)`` of one chunk.

    Returns:
        uint8 ``(len(indices), C, H, W)`` in the order of `indices`.
    """
    wanted = np.asarray(indices, dtype=np.int64)
    chunks, inverse = np.unique(wanted // size, return_inverse=True)
    drawn = np.concatenate([draw(range(int(chunk) * size, (int(chunk) + 1) * size)) for chunk in chunks])
    images: NDArray[np.uint8] = drawn[inverse * size + wanted % size]
    return images

"""Images that a small network learns to tell apart in seconds."""

import numpy as np

from synthetyk.training.labelled_images import ArrayImages


def bars(count: int, seed: int, *, rare: int = 2, noise: int = 100) -> ArrayImages:
    """Upright against lying bars in noise up to `noise`; every `rare`-th image is upright."""
    rng = np.random.default_rng(seed)
    images = rng.integers(0, noise, (count, 1, 16, 16), dtype=np.uint8)
    labels = (np.arange(count) % rare == 0).astype(np.int64)
    for image, label, place in zip(images, labels, rng.integers(2, 13, count), strict=True):
        image[0].T[place : place + 3] += 230 - noise
        if not label:
            image[0] = image[0].T.copy()
    return ArrayImages(images, labels, ("lying", "upright"))

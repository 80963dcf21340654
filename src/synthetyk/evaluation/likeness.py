"""Images as rows of pixels that can be compared."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import pieces

# No more blocks a side than this: averaging takes away the noise that would hide a copy, and most of the time.
SIDE = 32
# Images that are turned into floats at a time.
AT_ONCE = 64


def averaged(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images ``(N, C, H, W)`` as float32, averaged over square blocks so that at most 32 are left on a side."""
    block = -(-max(images.shape[2:]) // SIDE)
    rows, columns = (side // block for side in images.shape[2:])
    means = np.empty((*images.shape[:2], rows, columns), dtype=np.float32)
    for start in range(0, len(images), AT_ONCE):
        cut = images[start : start + AT_ONCE, :, : rows * block, : columns * block].astype(np.float32)
        blocks = cut.reshape(*cut.shape[:2], rows, block, columns, block)
        blocks.mean(axis=(3, 5), dtype=np.float32, out=means[start : start + AT_ONCE])
    return means


def averaged_subset(subset: Subset) -> NDArray[np.float32]:
    """Return `averaged` of a subset, read piece by piece."""
    return np.concatenate([averaged(images) for images in pieces(subset)])

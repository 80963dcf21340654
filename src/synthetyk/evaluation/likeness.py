"""Images as rows of pixels that can be compared."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import PIECE

# No more blocks a side than this: averaging takes away the noise that would hide a copy, and most of the time.
SIDE = 32


def averaged(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return images ``(N, C, H, W)`` as float32, averaged over square blocks so that at most 32 are left on a side."""
    block = -(-max(images.shape[2:]) // SIDE)
    height, width = (side // block * block for side in images.shape[2:])
    cut = images[:, :, :height, :width].astype(np.float32)
    blocks = cut.reshape(*images.shape[:2], height // block, block, width // block, block)
    means: NDArray[np.float32] = blocks.mean(axis=(3, 5), dtype=np.float32)
    return means


def averaged_subset(subset: Subset) -> NDArray[np.float32]:
    """Return `averaged` of a subset of at least one image, read piece by piece."""
    starts = range(0, len(subset), PIECE)
    return np.concatenate([averaged(subset.batch(slice(start, start + PIECE))) for start in starts])

"""How much detail images have, of which size and where: what tells a sharp image from a blurred or a noisy one."""

import numpy as np
from numpy.typing import NDArray

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import pieces

CELLS = 4  # a side
SMALLEST = 8  # pixels on the shorter side from which there is detail
# Half a squared grey value, of the order of what rounding to whole ones adds: fainter detail counts as none.
FAINTEST = 0.5
# Images that are turned into floats at a time.
AT_ONCE = 64


def detail(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the logarithm of the energy of an image's detail, octave by octave and cell by cell.

    The detail of an octave is what is lost if blocks of 2x2 pixels become one: the three detail bands of Haar's wavelet
    (Mallat, "A theory for multiresolution signal decomposition", IEEE TPAMI 1989) taken together. Its energy is the
    mean square in each of 4x4 cells, what does not fill them left out.

    Args:
        images: ``(N, C, H, W)``.

    Returns:
        ``(N, octaves * C * 16)``; an octave for each time that the shorter side can be halved from at least 8 pixels,
        none for smaller images.
    """
    parts = [images[start : start + AT_ONCE] for start in range(0, max(len(images), 1), AT_ONCE)]
    return np.concatenate([_energies(part.astype(np.float32)) for part in parts])


def detail_subset(subset: Subset) -> NDArray[np.float32]:
    """Return `detail` of a subset, read piece by piece."""
    return np.concatenate([detail(images) for images in pieces(subset)])


def _energies(images: NDArray[np.float32]) -> NDArray[np.float32]:
    octaves = [np.empty((len(images), 0), dtype=np.float32)]
    while min(images.shape[2:]) >= SMALLEST:
        images = images[:, :, : images.shape[2] // 2 * 2, : images.shape[3] // 2 * 2]
        coarse = _blocks(images, images.shape[2] // 2, images.shape[3] // 2)
        lost = np.square(images - coarse.repeat(2, axis=2).repeat(2, axis=3))
        octaves.append(np.log(_blocks(lost, CELLS, CELLS) + FAINTEST).reshape(len(images), images.shape[1] * CELLS**2))
        images = coarse
    return np.concatenate(octaves, axis=1)


def _blocks(values: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Return the means of so many blocks a side."""
    high, wide = values.shape[2] // rows, values.shape[3] // columns
    cut = values[:, :, : rows * high, : columns * wide].reshape(*values.shape[:2], rows, high, columns, wide)
    means: NDArray[np.float32] = cut.mean(axis=(3, 5), dtype=np.float32)
    return means

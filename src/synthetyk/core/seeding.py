"""Counter-based randomness: every random choice has an address, so nothing depends on what was drawn before.

NumPy's Philox 4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) is keyed by (seed, purpose)
and its 256-bit counter starts at (0, index, step, attempt). Word 0 counts the blocks drawn, so two addresses never
share a number. Image i is the same whatever the batch, the number of processes or who asked.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray


def generator(seed: int, purpose: str, *, step: int = 0, index: int = 0, attempt: int = 0) -> np.random.Generator:
    """Return the random generator at one address.

    Args:
        seed: The run's seed, at least 0.
        purpose: What the numbers are for, for example ``"train/noise"``.
        step: Training step, epoch or repetition.
        index: Global sample index.
        attempt: Rollback attempt, so that a rollback does not replay its failure.
    """
    digest = hashlib.blake2b(f"{seed}\0{purpose}".encode(), digest_size=16).digest()
    key = np.frombuffer(digest, dtype=np.uint64)
    counter = np.array([0, index, step, attempt], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def normal(seed: int, purpose: str, indices: Iterable[int], size: int) -> NDArray[np.float32]:
    """Return standard normal rows of shape ``(len(indices), size)``, row by global sample index."""
    numbers = [int(index) for index in indices]
    rows = np.empty((len(numbers), size), dtype=np.float32)
    drawing = generator(seed, purpose)
    fresh = drawing.bit_generator.state  # setting it is five times quicker than making a generator for each row
    for row, index in zip(rows, numbers, strict=True):
        fresh["state"]["counter"][1] = index
        drawing.bit_generator.state = fresh
        drawing.standard_normal(size, dtype=np.float32, out=row)
    return rows


def derive(seed: int, purpose: str) -> int:
    """Return a 32-bit seed for a library that takes only a number (torch, sklearn)."""
    return int(generator(seed, f"derive/{purpose}").integers(2**31))

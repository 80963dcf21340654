"""Which images a generator met, by hashes: so that nobody measures a classifier on them that learns from its images.

Two images are one if their decoded pixels are the same; names, folders, sizes in a cache and classes do not matter. 64
bits of each hash are kept: among a million images against a hundred thousand others the chance of a false alarm is
1e11 / 2**64. Whoever has an image can tell from them whether it was met, and nothing else.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import ArtifactError
from synthetyk.core.stored_array import StoredArray, write_array
from synthetyk.data.dataset import Dataset

ROW = np.dtype([("digest", "<u8"), ("judged", "?")])
Digests = NDArray[np.uint64]


@dataclass(frozen=True)
class Overlap:
    """Images of a data set that a generator met, though no classifier of it may learn from them.

    Attributes:
        val: Validation images that it was trained on.
        test: Test images that it was trained on, or that its training was judged by.
    """

    val: int
    test: int

    def __bool__(self) -> bool:
        return bool(self.val or self.test)


@dataclass(frozen=True)
class ImagesMet:
    """The images that a generator met.

    Attributes:
        trained: Digests of those that it was trained on, sorted, without repetitions, uint64 ``(n,)``.
        judged: Of those that its training was judged by, without those that it was trained on, uint64 ``(m,)``.
    """

    trained: Digests
    judged: Digests

    @classmethod
    def of(cls, dataset: Dataset) -> Self | None:
        """Return what a GAN meets that is trained on a data set; None if its images have no digests."""
        if dataset.digests is None:
            return None
        trained, judged = (np.unique(dataset.digests[dataset.splits == name]) for name in ("train", "val"))
        return cls(trained, np.setdiff1d(judged, trained))

    def overlap(self, dataset: Dataset) -> Overlap | None:
        """Count the images of a data set that nobody should have met; None if its images have no digests.

        An image of which there is a copy in the data set's own training split does not count: its classifiers learn
        from it with or without the generator, and the fingerprint tells of it.
        """
        if dataset.digests is None:
            return None
        own = np.isin(dataset.digests, dataset.digests[dataset.splits == "train"])
        trained, judged = (np.isin(dataset.digests, met) & ~own for met in (self.trained, self.judged))
        val, test = dataset.splits == "val", dataset.splits == "test"
        return Overlap(int((trained & val).sum()), int(((trained | judged) & test).sum()))

    def save(self, path: Path) -> None:
        """Write a ``.npy`` file, nine bytes an image."""
        rows = np.empty(len(self.trained) + len(self.judged), dtype=ROW)
        rows["digest"] = np.concatenate([self.trained, self.judged])
        rows["judged"] = np.arange(len(rows)) >= len(self.trained)
        write_array(path, rows)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            ArtifactError: It cannot be read, or is something else.
        """
        stored = StoredArray.open(path)
        if stored.dtype != ROW or len(stored.shape) != 1:
            raise ArtifactError(f"{path} holds {stored.dtype} {stored.shape}", expected="hashes of images")
        rows = stored[:]
        return cls(*(rows["digest"][rows["judged"] == judged] for judged in (False, True)))

"""The images of a study, and how worker processes get at them without a copy of their own."""

import mmap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import NotApplicableError
from synthetyk.data.dataset import Dataset, Subset
from synthetyk.training.labelled_images import ArrayImages


@dataclass(frozen=True)
class SyntheticSet:
    """What one GAN generated for the study.

    Attributes:
        images: uint8 ``(n, C, H, W)``.
        labels: int64 ``(n,)``.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Inputs:
    """Labelled real images in their splits, and synthetic ones of each GAN."""

    train: Subset
    val: Subset
    test: Subset
    synthetic: tuple[ArrayImages, ...]

    @classmethod
    def of(cls, dataset: Dataset, synthetic: Sequence[SyntheticSet]) -> Self:
        """Collect and check what a study needs; real images without a label are left out.

        Raises:
            NotApplicableError: A study has no meaning here; the message says why.
        """
        names = dataset.class_names
        if len(names) < 2:
            raise NotApplicableError("There are fewer than two labelled classes, so there is nothing to classify")
        train, val, test = (part.select(part.labels >= 0) for part in (dataset.train, dataset.val, dataset.test))
        for part, name in ((train, "training"), (val, "validation"), (test, "test")):
            _check_classes(part, name, groups=1 if name == "training" else 2)
        if not synthetic:
            raise NotApplicableError("There are no synthetic images", action="Generate them first")
        for number, images in enumerate(synthetic):
            _check_synthetic(images, number, names)
        return cls(train, val, test, tuple(ArrayImages(s.images, s.labels, names) for s in synthetic))


@dataclass(frozen=True)
class StoredArray:
    """Where a uint8 array lies on the disk."""

    path: Path
    offset: int
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: NDArray[np.uint8], path: Path) -> Self:
        """Tell where a memory-mapped array lies already; write any other to `path`."""
        if isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap) and array.flags.c_contiguous:
            return cls(Path(str(array.filename)), int(array.offset), array.shape)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.ascontiguousarray(array).tofile(path)
        return cls(path, 0, array.shape)

    def open(self) -> NDArray[np.uint8]:
        """Return the array, memory-mapped for reading."""
        return np.memmap(self.path, dtype=np.uint8, mode="r", offset=self.offset, shape=self.shape)


@dataclass(frozen=True)
class StoredInputs:
    """`Inputs` that are small enough to send to another process: the images stay on the disk."""

    without_images: Inputs
    real: StoredArray
    synthetic: tuple[StoredArray, ...]

    @classmethod
    def of(cls, inputs: Inputs, folder: Path) -> Self:
        """Store what is not on the disk yet in `folder`."""
        real = StoredArray.of(inputs.train.images, folder / "real.raw")
        synthetic = [StoredArray.of(s.images, folder / f"synthetic-{g}.raw") for g, s in enumerate(inputs.synthetic)]
        nothing = np.empty((0, *inputs.train.shape), dtype=np.uint8)
        return cls(_with_images(inputs, nothing, [nothing] * len(synthetic)), real, tuple(synthetic))

    def open(self) -> Inputs:
        """Return the inputs, memory-mapped."""
        return _with_images(self.without_images, self.real.open(), [stored.open() for stored in self.synthetic])


def _with_images(inputs: Inputs, real: NDArray[np.uint8], synthetic: Sequence[NDArray[np.uint8]]) -> Inputs:
    train, val, test = (replace(part, images=real) for part in (inputs.train, inputs.val, inputs.test))
    parts = tuple(replace(part, images=images) for part, images in zip(inputs.synthetic, synthetic, strict=True))
    return Inputs(train, val, test, parts)


def _check_classes(part: Subset, name: str, *, groups: int) -> None:
    """Every class needs an image, and where intervals are drawn a second patient or slide."""
    for label, class_name in enumerate(part.class_names):
        found = len(np.unique(part.groups[part.labels == label]))
        if found < groups:
            raise NotApplicableError(
                f"The {name} split has images of class {class_name!r} from {found} patients, slides or other groups",
                expected=f"at least {groups}",
                action="Add images of that class, leave the class out, or let Synthetyk carve the splits",
            )


def _check_synthetic(images: SyntheticSet, number: int, names: tuple[str, ...]) -> None:
    if images.labels.min(initial=-1) < 0 and (images.labels < 0).any():
        raise NotApplicableError(
            f"Synthetic set {number} has images without a class", action="Train a class-conditional GAN"
        )
    absent = [name for label, name in enumerate(names) if not (images.labels == label).any()]
    if absent:
        raise NotApplicableError(
            f"Synthetic set {number} has no image of class {absent[0]!r}", action="Generate images of every class"
        )

"""The images of a study, and how worker processes get at them without a copy of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import NotApplicableError
from synthetyk.core.stored_array import StoredArray
from synthetyk.data.dataset import Dataset, ImageArray, Subset


@dataclass(frozen=True)
class SyntheticSet:
    """What one GAN generated for the study.

    Attributes:
        images: uint8 ``(n, C, H, W)``, in memory or in a file.
        labels: int64 ``(n,)``.
    """

    images: ImageArray
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Inputs:
    """Labelled real images in their splits, and synthetic ones of each GAN."""

    train: Subset
    val: Subset
    test: Subset
    synthetic: tuple[Subset, ...]

    @classmethod
    def of(cls, dataset: Dataset, synthetic: Sequence[SyntheticSet]) -> Self:
        """Collect and check what a study needs; real images without a label are left out.

        Raises:
            NotApplicableError: A study has no meaning here; the message says why.
        """
        names, (train, val, test) = dataset.class_names, labelled_splits(dataset)
        if not synthetic:
            raise NotApplicableError("There are no synthetic images", action="Generate them first")
        for number, images in enumerate(synthetic):
            _check_synthetic(images, number, names)
        return cls(train, val, test, tuple(_subset_of(images, names) for images in synthetic))

    def in_files(self, folder: Path) -> Self:
        """Return the same with every image in a file, and so small enough to send to another process.

        Args:
            folder: Receives the images that are in memory only.
        """
        real = _in_file(self.train.images, folder / "real.npy")
        train, val, test = (replace(part, images=real) for part in (self.train, self.val, self.test))
        parts = enumerate(self.synthetic)
        synthetic = tuple(replace(s, images=_in_file(s.images, folder / f"synthetic-{g}.npy")) for g, s in parts)
        return type(self)(train, val, test, synthetic)


def labelled_splits(dataset: Dataset) -> tuple[Subset, Subset, Subset]:
    """Return training, validation and test images; those without a label are left out.

    Raises:
        NotApplicableError: They carry no comparison of classifiers; the message says why.
    """
    if len(dataset.class_names) < 2:
        raise NotApplicableError("There are fewer than two labelled classes, so there is nothing to classify")
    train, val, test = (part.select(part.labels >= 0) for part in (dataset.train, dataset.val, dataset.test))
    for part, name in ((train, "training"), (val, "validation"), (test, "test")):
        _check_classes(part, name, groups=1 if name == "training" else 2)
    return train, val, test


def _subset_of(found: SyntheticSet, names: tuple[str, ...]) -> Subset:
    rows = np.arange(len(found.labels), dtype=np.int64)
    return Subset(found.images, rows, found.labels, rows, names)


def _in_file(images: ImageArray, path: Path) -> ImageArray:
    """Write an array to `path` and return it as stored there; what is in a file already stays where it is."""
    if not isinstance(images, np.ndarray):
        return images
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, images)
    return StoredArray.open(path)


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

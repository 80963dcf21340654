"""Which image belongs to training, validation and test: official splits are kept, missing ones are carved by group."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.artifacts import write_bytes
from synthetyk.core.errors import ArtifactError
from synthetyk.core.words import listed
from synthetyk.data.dataset import SPLITS, UNLABELLED, SplitName

FRACTIONS = (0.70, 0.15, 0.15)
COLUMNS = ("index", "key", "label", "group", "split")
_RETURN = "\ud800"  # stands for a carriage return while a table is parsed; no decoded file can hold it


@dataclass(frozen=True)
class SplitTable:
    """What is known about every usable image, one row each, in the order of the cache.

    Attributes:
        keys: Unique names ``(N,)``.
        labels: Class names ``(N,)``, empty where there is none.
        groups: Patients or slides ``(N,)`` by neutral names, empty where there is none.
        splits: ``"train"``, ``"val"`` or ``"test"`` ``(N,)``.
    """

    keys: NDArray[np.str_]
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    splits: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The distinct labels in natural order: ``10`` comes after ``9``."""
        return tuple(sorted({str(label) for label in self.labels if label}, key=_natural))

    @property
    def label_numbers(self) -> NDArray[np.int64]:
        """Position of each label among the class names, `UNLABELLED` where there is none ``(N,)``."""
        number = {"": UNLABELLED, **{name: index for index, name in enumerate(self.class_names)}}
        return np.array([number[str(label)] for label in self.labels], dtype=np.int64)

    @property
    def group_numbers(self) -> NDArray[np.int64]:
        """Groups in the order of their first image; an image without a group has a number of its own ``(N,)``."""
        numbers: dict[tuple[str, int], int] = {}
        names = [(str(group), -1) if group else ("", row) for row, group in enumerate(self.groups)]
        return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)

    def select(self, rows: NDArray[np.bool_]) -> Self:
        """Return the table of some rows."""
        return type(self)(self.keys[rows], self.labels[rows], self.groups[rows], self.splits[rows])

    def save(self, path: Path) -> None:
        """Write ``splits.csv`` atomically."""
        text = io.StringIO(newline="")
        plain = csv.writer(text, lineterminator="\n")
        quoting = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)  # the other leaves a "\r" bare
        plain.writerow(COLUMNS)
        for index, row in enumerate(zip(*astuple(self), strict=True)):
            writer = quoting if any("\r" in cell for cell in row) else plain
            writer.writerow((index, *row))
        write_bytes(path, text.getvalue().encode("utf-8", "surrogateescape"))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``splits.csv``.

        Raises:
            ArtifactError: The file is missing, or is no table of splits.
        """
        try:
            header, *rows = _rows(path.read_bytes().decode("utf-8", "surrogateescape"))
        except (OSError, ValueError, csv.Error) as error:
            raise ArtifactError(f"{path} cannot be read: {error}", action="Delete it and inspect again") from error
        order = [int(row[0]) if len(row) == len(COLUMNS) and row[0].isdigit() else -1 for row in rows]
        if tuple(header) != COLUMNS or order != list(range(len(rows))) or {row[4] for row in rows} - set(SPLITS):
            raise ArtifactError(
                f"{path} is no table of splits", expected=f"columns {', '.join(COLUMNS)}, rows in order"
            )
        return cls(*(np.array([row[column] for row in rows], dtype=np.str_) for column in range(1, len(COLUMNS))))


def _rows(text: str) -> list[list[str]]:
    """Parse a table whose rows end in a line feed, also where an older version left a carriage return bare in a cell.

    A table that another program has saved, with both at the end of each row, is read as such.
    """
    if text.partition("\n")[0].endswith("\r"):
        return list(csv.reader(io.StringIO(text, newline="")))
    rows = csv.reader(io.StringIO(text.replace("\r", _RETURN), newline=""))
    return [[cell.replace(_RETURN, "\r") for cell in row] for row in rows]


@dataclass(frozen=True)
class SplitReport:
    """How the splits came about.

    Attributes:
        carved: The splits that the data set did not bring.
        shortage: Why one of them has no image, and what to do; empty if all have some.
        notes: What could not be had besides, in words.
    """

    carved: tuple[SplitName, ...]
    shortage: str
    notes: tuple[str, ...]


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part.casefold()) for part in parts], name


def assign_splits(
    labels: NDArray[np.str_],
    groups: NDArray[np.int64],
    official: NDArray[np.str_],
    *,
    seed: int,
    fractions: tuple[float, float, float] = FRACTIONS,
) -> tuple[NDArray[np.str_], SplitReport]:
    """Give every image a split.

    An official validation or test split is kept as it is, even where its groups leak. A missing one is carved from
    everything else: stratified by class, no group in two splits, every class in every split if it has groups enough.
    A group with images in a kept split stays out of the carved ones.

    Args:
        labels: Class name ``(N,)``, empty where there is none.
        groups: Patient, slide or cluster of copies ``(N,)``; images of one number stay together.
        official: ``"train"``, ``"val"``, ``"test"``, or empty where the data set says nothing, ``(N,)``.
        seed: Which of the many possible splits.
        fractions: Parts for training, validation and test, where they are carved.
    """
    splits = np.where(official == "", "train", official).astype("<U5")
    missing = [name for name in ("test", "val") if not (official == name).any()]
    pool = np.flatnonzero((splits == "train") & ~np.isin(groups, groups[splits != "train"]))
    carver = _Carver(labels[pool], groups[pool], seeding.generator(seed, "data/splits"))
    for position, name in enumerate(missing):
        share = fractions[SPLITS.index(name)] / sum(fractions)
        splits[pool[carver.take(share, later=len(missing) - 1 - position)]] = name
    carved: tuple[SplitName, ...] = tuple(name for name in SPLITS if name in missing)
    shortage = _shortage(len(np.unique(groups[pool])), splits, carved)
    return splits, SplitReport(carved, shortage, tuple(missing_classes(labels, groups, splits)))


def _shortage(count: int, splits: NDArray[np.str_], carved: Sequence[SplitName]) -> str:
    empty = [name for name in carved if not (splits == name).any()]
    if not empty:
        return ""
    return (
        f"There is no image in {listed(empty)}: a split is carved from whole patients, slides and sets of copies. "
        f"Found that are in no other split: {count}. Expected: at least {len(carved) + 1}, and as many with images of "
        "a class for it to be in every split. If there are more than were found, tell them by another --group-column "
        "of a table, or by --group-pattern: '(.+)/' takes every folder for a patient, '(.+)' every file."
    )


def carved_fractions(official: NDArray[np.str_], validation: float | None) -> tuple[float, float, float]:
    """Return the parts for training, validation and test that `assign_splits` is to carve.

    Args:
        official: What the data set says ``(N,)``.
        validation: Validation's part of what is not the test split; None: as `FRACTIONS` says.
    """
    if validation is None:
        return FRACTIONS
    test = 0.0 if (official == "test").any() else FRACTIONS[2]
    return (1 - validation) * (1 - test), validation * (1 - test), test


class _Carver:
    """Takes whole groups out of a pool, class by class, in one random order."""

    def __init__(self, labels: NDArray[np.str_], groups: NDArray[np.int64], rng: np.random.Generator) -> None:
        _, classes = np.unique(labels, return_inverse=True)
        _, self.group = np.unique(groups, return_inverse=True)
        self.content = np.zeros((len(set(self.group.tolist())), len(set(classes.tolist()))))
        np.add.at(self.content, (self.group, classes), 1)
        self.totals = self.content.sum(axis=0)
        self.order = rng.permutation(len(self.content))
        self.free = np.ones(len(self.content), dtype=np.bool_)

    def take(self, share: float, later: int) -> NDArray[np.int64]:
        """Return the positions of about `share` of the pool.

        Args:
            share: Part of each class.
            later: How many splits are still to be carved after this one.
        """
        groups_with = (self.content > 0).sum(axis=0)
        spare = (self.content[self.free] > 0).sum(axis=0) - np.where(groups_with > 2, 1 + later, 1)
        target = np.where(spare > 0, np.maximum(share * self.totals, 1), 0)
        chosen = self._fill(target, spare)
        for missing in np.flatnonzero((target > 0) & (self.content[chosen].sum(axis=0) == 0)):
            chosen += self._smallest_with(int(missing), spare)
        return np.flatnonzero(np.isin(self.group, chosen))

    def _fill(self, target: NDArray[np.float64], spare: NDArray[np.int64]) -> list[int]:
        """Take groups while each brings the classes' counts nearer to their targets."""
        scale = 1 / np.maximum(target, 1)
        gap, chosen = target.copy(), []
        for group in self.order[self.free[self.order]]:
            if gap.max(initial=0) < 0.5:
                break
            counts = self.content[group]
            if (scale * np.abs(gap - counts)).sum() < (scale * np.abs(gap)).sum() and self._can_spare(group, spare):
                gap -= counts
                self._remove(group, spare)
                chosen.append(int(group))
        return chosen

    def _smallest_with(self, label: int, spare: NDArray[np.int64]) -> list[int]:
        """Take the smallest group that has images of a class and can be spared."""
        candidates = self.order[self.free[self.order] & (self.content[self.order, label] > 0)]
        for group in candidates[np.argsort(self.content[candidates].sum(axis=1), kind="stable")]:
            if self._can_spare(group, spare):
                self._remove(group, spare)
                return [int(group)]
        return []

    def _can_spare(self, group: int, spare: NDArray[np.int64]) -> bool:
        return bool((spare[self.content[group] > 0] > 0).all())

    def _remove(self, group: int, spare: NDArray[np.int64]) -> None:
        self.free[group] = False
        spare -= self.content[group] > 0


def missing_classes(labels: NDArray[np.str_], groups: NDArray[np.int64], splits: NDArray[np.str_]) -> list[str]:
    """Say which class has no image in which split, and why."""
    notes = []
    for name in np.unique(labels):
        of_class = labels == name
        absent = [split for split in SPLITS if not (of_class & (splits == split)).any()]
        if absent:
            images, count = int(of_class.sum()), len(np.unique(groups[of_class]))
            what = f"Class {str(name)!r}" if name else "What has no label"
            held = f"{images} image{'s' * (images != 1)} in {count} group{'s' * (count != 1)}"
            notes.append(f"{what} has {held}: none in {' and '.join(absent)}.")
    return notes


def leaks(
    splits: NDArray[np.str_], relations: Mapping[str, NDArray[np.int64]]
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Find the images that have a relative in a later split: first those of validation, then those of training.

    Args:
        splits: Split of each image ``(N,)``.
        relations: Per kind of relation (exact copy, near copy, group) the cluster of each image, int64 ``(N,)``.

    Returns:
        Which images to drop so that no relation crosses splits, bool ``(N,)``, and counts by reason, for example
        ``{"train: exact copy in test": 3}``; an image counts under its first reason.
    """
    drop = np.zeros(len(splits), dtype=np.bool_)
    reasons: dict[str, int] = {}
    for early, late in (("val", "test"), ("train", "test"), ("train", "val")):
        for kind, cluster in relations.items():
            found = ~drop & (splits == early) & np.isin(cluster, cluster[~drop & (splits == late)])
            if found.any():
                reasons[f"{early}: {kind} in {late}"] = int(found.sum())
            drop |= found
    return drop, reasons

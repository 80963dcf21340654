"""Counting what is in a data set: classes, pixels, groups, copies, problems; the parts of a fingerprint."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from statistics import median_low
from typing import Self

import numpy as np

from synthetyk.core.config import Config
from synthetyk.core.words import printable
from synthetyk.data.dataset import SPLITS, SplitName
from synthetyk.data.pixels import DepthRule
from synthetyk.data.scan import Scan
from synthetyk.data.source import Problem
from synthetyk.data.splits import SplitTable

EXAMPLES = 5
PAIRS: tuple[tuple[SplitName, SplitName], ...] = (("val", "train"), ("test", "train"), ("test", "val"))


class ClassReport(Config):
    """Images by class and split.

    Attributes:
        names: One name per label, in natural order; empty if the set has no labels.
        counts: Images by class and split; the empty name, where it occurs, counts images without a label.
        imbalance: Largest class over smallest in training; None with fewer than two classes there.
    """

    names: tuple[str, ...]
    counts: dict[str, dict[SplitName, int]]
    imbalance: float | None

    @classmethod
    def of(cls, table: SplitTable) -> Self:
        """Count a table."""
        names = table.class_names
        every = [*names, ""] if (table.labels == "").any() else [*names]
        counts = {
            name: {split: int(((table.labels == name) & (table.splits == split)).sum()) for split in SPLITS}
            for name in every
        }
        sizes = [counts[name]["train"] for name in names if counts[name]["train"]]
        return cls(names=names, counts=counts, imbalance=max(sizes) / min(sizes) if len(sizes) > 1 else None)


class Extent(Config):
    """A number of pixels over the images.

    Attributes:
        smallest: Pixels.
        median: Pixels, those of an image that is there.
        largest: Pixels.
    """

    smallest: int
    median: int
    largest: int

    def __str__(self) -> str:
        return str(self.median) if self.smallest == self.largest else f"{self.smallest} to {self.largest}"

    @classmethod
    def of(cls, values: Iterable[int]) -> Self:
        """Measure some lengths."""
        ordered = sorted(values)
        return cls(smallest=ordered[0], median=median_low(ordered), largest=ordered[-1])


class PixelReport(Config):
    """What the images are like, as stored.

    Attributes:
        height: Pixels.
        width: Pixels.
        distinct_sizes: How many different (height, width).
        channels: Images by number of channels; grey that is stored as RGB counts as 1.
        modes: Images by what the files call their pixels.
        bit_depths: Images by declared bits per sample.
        depth_rule: How values become uint8, by the training images.
        histogram: Counts of samples in 64 equal bins of 0..255.
        class_histograms: The same by class.
    """

    height: Extent
    width: Extent
    distinct_sizes: int
    channels: dict[int, int]
    modes: dict[str, int]
    bit_depths: dict[int, int]
    depth_rule: DepthRule
    histogram: tuple[int, ...]
    class_histograms: dict[str, tuple[int, ...]]

    def sentences(self) -> list[str]:
        """Say it in words."""
        sizes = f", {self.distinct_sizes} different" if self.distinct_sizes > 1 else ""
        channels = ", ".join(f"{images:,} with {number}" for number, images in self.channels.items())
        return [
            f"Size (width x height): {self.width} x {self.height} pixels{sizes}.",
            f"Channels: {channels}; stored as {', '.join(self.modes)}.",
            f"Values: {self.depth_rule.text}.",
        ]

    @classmethod
    def of(cls, scan: Scan, rule: DepthRule) -> Self:
        """Summarise a scan; `rule` is how values become uint8."""
        images, histograms = scan.images, scan.levels.histograms(rule)
        return cls(
            height=Extent.of(image.height for image in images),
            width=Extent.of(image.width for image in images),
            distinct_sizes=len({(image.height, image.width) for image in images}),
            channels=dict(Counter(image.channels for image in images).most_common()),
            modes=dict(Counter(image.mode for image in images).most_common()),
            bit_depths=dict(Counter(image.bit_depth for image in images).most_common()),
            depth_rule=rule,
            histogram=tuple(np.sum(list(histograms.values()), axis=0).tolist()),
            class_histograms={name: tuple(bins.tolist()) for name, bins in sorted(histograms.items())},
        )


class GroupReport(Config):
    """Patients or slides.

    Attributes:
        known: How many.
        rule: How they are known, in words.
        leaking: How many have images in more than one split.
        across: ``"val in train"``: how many groups of validation are in training too; and so on.
        examples: The first that leak, by the names that ``splits.csv`` gives them.
    """

    known: int
    rule: str
    leaking: int
    across: dict[str, int]
    examples: tuple[str, ...]

    @classmethod
    def of(cls, table: SplitTable, rule: str) -> Self:
        """Count the groups of a table; images without a group are in none."""
        named = table.groups != ""
        members = {split: set(table.groups[named & (table.splits == split)].tolist()) for split in SPLITS}
        shared = {f"{late} in {early}": members[late] & members[early] for late, early in PAIRS}
        leaking = sorted(set[str]().union(*shared.values()), key=lambda name: (len(name), name))
        return cls(
            known=len(set[str]().union(*members.values())),
            rule=rule,
            leaking=len(leaking),
            across={pair: len(names) for pair, names in shared.items()},
            examples=tuple(printable(name) for name in leaking[:EXAMPLES]),
        )


class CopyReport(Config):
    """Copies of one kind.

    Attributes:
        groups: Pictures that are there more than once.
        within: Per split, how many images are one too many.
        across: ``"val in train"``: how many validation images have a copy in training; and so on.
        conflicting: Groups whose images have different labels.
        examples: The first keys of the first groups.
    """

    groups: int
    within: dict[SplitName, int]
    across: dict[str, int]
    conflicting: int
    examples: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        where = {f"too many in {split}": count for split, count in self.within.items()} | self.across
        found = ", ".join(f"{count:,} {place}" for place, count in where.items() if count)
        return f"pictures that occur more than once: {self.groups:,} ({found})" if found else "none"

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]], pictures: Sequence[Hashable], table: SplitTable) -> Self:
        """Count copies within and across splits.

        Args:
            groups: Rows of each group of copies.
            pictures: Per row, what makes two images of a group count as two: the row itself for exact copies, the
                digest for near copies, so that these do not count exact ones again.
            table: What is known about each row.
        """
        within = Counter(dict.fromkeys(SPLITS, 0))
        across = Counter({f"{late} in {early}": 0 for late, early in PAIRS})
        for group in groups:
            found = {split: [pictures[row] for row in group if table.splits[row] == split] for split in SPLITS}
            for split, there in found.items():
                within[split] += max(0, len(set(there)) - 1)
            for late, early in PAIRS:
                others = set(found[early])
                across[f"{late} in {early}"] += sum(len(others) > (picture in others) for picture in found[late])
        return cls(
            groups=len(groups),
            within=dict(within),
            across=dict(across),
            conflicting=sum(len({str(table.labels[row]) for row in group}) > 1 for group in groups),
            examples=tuple(
                tuple(printable(table.keys[row]) for row in group[:EXAMPLES]) for group in groups[:EXAMPLES]
            ),
        )


class ProblemReport(Config):
    """Problems of one kind.

    Attributes:
        count: How many.
        examples: Key and message of the first of them.
    """

    count: int
    examples: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        key, message = self.examples[0]
        return f"{self.count:,}, for example {key}: {message}"


def report_problems(problems: Sequence[Problem]) -> dict[str, ProblemReport]:
    """Count problems by kind, the most frequent first."""
    kinds: dict[str, list[tuple[str, str]]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append((printable(problem.key), printable(problem.message)))
    frequent = sorted(kinds.items(), key=lambda entry: -len(entry[1]))
    return {kind: ProblemReport(count=len(found), examples=tuple(found[:EXAMPLES])) for kind, found in frequent}

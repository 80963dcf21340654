"""``fingerprint.json``: a location becomes a source, a scan, groups, splits, copies, and what all of it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.artifacts import Artifact
from synthetyk.core.progress import Progress, silent
from synthetyk.core.words import listed, printable
from synthetyk.data.census import ClassReport, CopyReport, GroupReport, PixelReport, ProblemReport, report_problems
from synthetyk.data.copies import Copies, clusters, find_copies
from synthetyk.data.dataset import SplitName
from synthetyk.data.groups import groups_from_names, neutral_names
from synthetyk.data.open import open_source
from synthetyk.data.scan import Scan, scan
from synthetyk.data.source import SOURCES, Remarking, Source, SourceOptions
from synthetyk.data.splits import SplitTable, assign_splits, carved_fractions, leaks, missing_classes

MANY_CLASSES = 50  # more than this are rarely what a classifier is to tell apart: patients, series or dates are


class Fingerprint(Artifact):
    """What a data set is like.

    Attributes:
        location: Where it was found.
        source: Name of the data source that read it.
        content_hash: SHA-256 over what was read and the options that matter.
        images: Images that are used: readable, and not removed.
        classes: Those images by class and split.
        pixels: Sizes, channels, depth and intensities of every readable image.
        groups: Patients or slides, and which of them stand in several splits, before anything was removed.
        exact_copies: Images with the same pixels, before anything was removed.
        near_copies: The same picture in different pixels, before anything was removed.
        carved: Splits that the data set did not bring.
        removed: Images left out because of a relative in a later split, by reason; empty unless asked for.
        problems: What could not be used, by kind.
        notes: What a reader should know, in words.
    """

    schema_name: ClassVar[str] = "fingerprint"

    location: str
    source: str
    content_hash: str
    images: int
    classes: ClassReport
    pixels: PixelReport
    groups: GroupReport
    exact_copies: CopyReport
    near_copies: CopyReport
    carved: tuple[SplitName, ...]
    removed: dict[str, int]
    problems: dict[str, ProblemReport]
    notes: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Say in words what the table of counts leaves out."""
        ratio = self.classes.imbalance
        return [
            f"Read as {self.source}.",
            *self.pixels.sentences(),
            *([f"Largest class over smallest in training: {ratio:.1f}."] if ratio else []),
            f"Patients or slides: {self.groups.rule}.",
            f"Splits: {f'{listed(self.carved)} carved here' if self.carved else 'all come with the data set'}.",
            f"Exact copies: {self.exact_copies}.",
            f"Near copies: {self.near_copies}.",
            *(f"Left out of {reason}: {count:,}." for reason, count in self.removed.items()),
            *(f"Cannot be used, {kind}: {found}" for kind, found in self.problems.items()),
            *self.notes,
        ]


@dataclass(frozen=True)
class Inspection:
    """A data set that has been looked at, ready to be cached.

    Attributes:
        source: What reads it.
        scan: What every readable image is like.
        table: Key, label, group and split of the images that are used.
        fingerprint: What all of it tells.
    """

    source: Source
    scan: Scan
    table: SplitTable
    fingerprint: Fingerprint


def inspect(
    location: str,
    options: SourceOptions | None = None,
    *,
    seed: int = 0,
    remove_copies: bool = False,
    validation_split: float | None = None,
    progress: Progress = silent,
) -> Inspection:
    """Look at a data set.

    Of an item only key, image, label, group and split are known here: a table's other columns never come this far.

    Args:
        location: Folder, table, file, or what else a source recognises.
        options: What the user says about it.
        seed: For splits that must be carved.
        remove_copies: Leave out images of training and validation that have a copy or their group in a later split.
        validation_split: Part of what is not the test split that is carved for validation, where the data set has none;
            None: as `splits.FRACTIONS` says.
        progress: Called for every image.

    Raises:
        DatasetError: The data set cannot be used.
    """
    options = options or SourceOptions()
    source = open_source(location, options)
    found = scan(source, progress=progress)
    official, rule = _official(found, options)
    copies = find_copies(found.thumbs, found.digests)
    together, fractions = _together(official, copies), carved_fractions(official.splits, validation_split)
    splits, report = assign_splits(official.labels, together, official.splits, seed=seed, fractions=fractions)
    table = replace(official, splits=splits)
    drop, removed = leaks(splits, _relations(table, copies)) if remove_copies else (np.zeros(len(table), np.bool_), {})
    kept = table.select(~drop)
    absent = missing_classes(kept.labels, kept.group_numbers, kept.splits) if removed else report.notes
    groups = GroupReport.of(table, rule)
    exact = CopyReport.of(copies.exact, range(len(table)), table)
    depth = found.depth_rule(splits == "train")
    said = report.shortage, *absent, found.levels.outliers(depth)
    notes = *_remarks(source), *said, *_notes(kept.class_names, groups, exact)
    fingerprint = Fingerprint(
        location=printable(location),
        source=_name(source),
        content_hash=source.content_hash(),
        images=len(kept),
        classes=ClassReport.of(kept),
        pixels=PixelReport.of(found, depth),
        groups=groups,
        exact_copies=exact,
        near_copies=CopyReport.of(copies.near, found.digests.tolist(), table),
        carved=report.carved,
        removed=removed,
        problems=report_problems(found.problems),
        notes=tuple(note for note in notes if note),
    )
    return Inspection(source, found, kept, fingerprint)


def _name(source: Source) -> str:
    """Return the name under which a source is registered."""
    return next(name for name, kind in SOURCES.items() if type(source) is kind)


def _remarks(source: Source) -> Sequence[str]:
    return [printable(remark) for remark in source.remarks()] if isinstance(source, Remarking) else ()


def _official(found: Scan, options: SourceOptions) -> tuple[SplitTable, str]:
    """Return what the data set itself says, splits with gaps and groups by neutral names, and how these are known."""
    items = [image.item for image in found.images]
    given = [item.group for item in items]
    rule = f"given by the data set: {len(set(given) - {None}):,} groups"
    if options.group_pattern not in (None, "none") or not any(given):
        given, rule = groups_from_names([i.key for i in items], [i.label for i in items], options.group_pattern)
    groups, given_splits = neutral_names(given), [item.split for item in items]
    columns = ([item.key for item in items], [item.label for item in items], groups, given_splits)
    return SplitTable(*(np.array([value or "" for value in column]) for column in columns)), rule


def _together(table: SplitTable, copies: Copies) -> NDArray[np.int64]:
    """Return what must not straddle carved splits: groups, joined where they share a copy ``(N,)``."""
    _, first, group = np.unique(table.group_numbers, return_index=True, return_inverse=True)
    members = zip(first[group].tolist(), range(len(table)), strict=True)
    return clusters(len(table), [*copies.exact, *copies.near, *members])


def _relations(table: SplitTable, copies: Copies) -> dict[str, NDArray[np.int64]]:
    return {"exact copy": copies.exact_clusters, "near copy": copies.near_clusters, "group": table.group_numbers}


def _notes(names: Sequence[str], groups: GroupReport, exact: CopyReport) -> list[str]:
    notes = []
    if len(names) > MANY_CLASSES:
        notes.append(
            f"There are {len(names):,} classes, more than {MANY_CLASSES}: is this the right label column, or folder? "
            "Each class costs time and needs images of its own; of a table --label-column names another column."
        )
    if not groups.known:
        notes.append("No patient or slide is known: images of one patient may stand in training and test.")
    if groups.leaking:
        notes.append(
            f"Groups in several of the data set's own splits: {groups.leaking}; results on them look too good, unless "
            "--remove-copies leaves them out of training."
        )
    if exact.conflicting:
        notes.append(f"Groups of exact copies that carry different labels: {exact.conflicting}.")
    return notes

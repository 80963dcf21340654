"""CBIS-DDSM in JPEG, as Kaggle packs it: case tables joined to images by the series UID that stands in their paths."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from synthetyk.core.config import nearest
from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.data.source import Problem, SourceOptions
from synthetyk.data.sources.cbis_tables import (
    BENIGN,
    CASES,
    CROPPED,
    INFO,
    MALIGNANT,
    MAMMOGRAM,
    VIEWS,
    Lesion,
    Pictures,
    View,
    lesions,
)
from synthetyk.data.sources.columns import NONE, Table, read_table
from synthetyk.data.sources.files import folders_in_words
from synthetyk.data.sources.rows import Row, RowSource


class CbisDdsmSource(RowSource):
    """CBIS-DDSM in JPEG: ``csv/{mass,calc}_case_description_{train,test}_set.csv``, ``jpeg/SERIES/*.jpg``.

    Images are cropped lesions, benign or malignant; patients are groups, and the official split is kept. The image
    column ``image file path`` takes whole mammograms, malignant if one of their lesions is. A label column gives its
    own values as classes: ``pathology`` keeps benign without callback apart.
    """

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether ``csv`` below `location` holds a case table, and `INFO` or the folder ``jpeg`` is there too."""
        root = Path(location)
        return bool(_tables(root)) and ((root / "csv" / INFO).is_file() or (root / "jpeg").is_dir())

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """Read the tables and find their images.

        Raises:
            ConfigError: An option names a column that is not there or leads to no images.
            DatasetError: Tables or images are missing, or not as CBIS-DDSM has them.
        """
        root = Path(location)
        tables, info = _tables(root), root / "csv" / INFO
        parts = {"case tables": bool(tables), f"csv/{INFO}": info.is_file(), "folder jpeg": (root / "jpeg").is_dir()}
        if missing := [name for name, there in parts.items() if not there]:
            raise DatasetError(
                f"{location} looks like CBIS-DDSM, but has no {missing[0]}",
                expected=f"csv/*_case_description_*_set.csv, csv/{INFO} and jpeg/SERIES/*.jpg",
                action="Unpack the whole archive, and name the folder that holds csv and jpeg",
            )
        source = cls(root, options, (*tables, info))
        source._list([read_table(path) for path in tables], read_table(info))
        return source

    def _list(self, tables: Sequence[Table], info: Table) -> None:
        view = _view(self.options.image_column)
        pictures = Pictures(self.root / "jpeg", info)
        every = [lesion for table in tables for lesion in lesions(table, self.options.label_column)]
        found = self._join(every, pictures, view)
        for path in sorted(found, key=self.key):
            self._list_file(path, self._rows(found[path]), labelled=self.options.label_column != NONE)
        self._report_unclaimed(every, pictures, view)
        if not self._items:
            raise DatasetError(
                f"The case tables lead to no {view.words}: {len(self._problems):,} problems, the first: "
                f"{self._problems[0].message}",
                action=f"Check that csv/{INFO} and the folder jpeg are of one archive",
            )
        self._remark([table.path.name for table in tables], found, view)

    def _join(self, every: Iterable[Lesion], pictures: Pictures, view: View) -> dict[Path, list[Lesion]]:
        """Return the lesions that each image shows; those that lead to none, or to several, are reported."""
        found: dict[Path, list[Lesion]] = defaultdict(list)
        for lesion in every:
            fits = pictures.of(lesion, view)
            if len(fits) == 1 and fits[0].is_file():
                found[fits[0]].append(lesion)
            elif len(fits) > 1:
                names = folders_in_words(map(self.key, fits))
                self._report_line(lesion, "several_images", f"Leads to more than one {view.words}: {names}.")
            elif fits:
                self._report_line(lesion, "missing_file", f"Leads to a {view.words} whose file is not there.")
            else:
                self._report_line(lesion, "missing_file", f"Leads to no {view.words} that {INFO} lists.")
        return found

    def _report_line(self, lesion: Lesion, kind: str, message: str) -> None:
        self._problems.append(Problem(lesion.row.line, kind, message))

    def _rows(self, shown: Sequence[Lesion]) -> list[Row]:
        """Return what is said of one image; a mammogram may show several lesions."""
        rows = [lesion.row for lesion in shown]
        if self.options.image_column != MAMMOGRAM:
            return rows
        if self.options.label_column is None and {row.label for row in rows} == {BENIGN, MALIGNANT}:
            rows = [replace(row, label=MALIGNANT) for row in rows]
        return list({(row.label, row.group, row.split): row for row in rows}.values())

    def _report_unclaimed(self, every: Sequence[Lesion], pictures: Pictures, view: View) -> None:
        """Report the images that no line leads to, if they are such a view or nothing tells what they are."""
        claimed = {path for lesion in every for path in pictures.of(lesion, view)}
        known = {uid for lesion in every for uid in lesion.series.values()}
        for path in self._images(self.root / "jpeg"):
            shows = pictures.described.get(path)
            if path in claimed:
                continue
            if shows is None:
                self._report(path, "no_label", f"{INFO} does not list this image.")
            elif shows == view.description or (not shows and path.parent.name not in known):
                self._report(path, "no_label", "No line of the case tables leads to this image.")

    def _remark(self, tables: Sequence[str], found: dict[Path, list[Lesion]], view: View) -> None:
        absent = [name for name in CASES if name not in tables]
        without = f" Not there: {', '.join(absent)}." if absent else ""
        self._remarks.append(f"Recognised as CBIS-DDSM: every image is a {view.words}.{without}")
        if self.options.label_column is None:
            listed = {item.key for item in self._items}
            spared = [path for path, shown in found.items() if not any(lesion.called_back for lesion in shown)]
            count = sum(self.key(path) in listed for path in spared)
            self._remarks.append(f"Benign without callback counts as benign: {count:,} of the images.")


def _tables(root: Path) -> list[Path]:
    return [path for name in CASES if (path := root / "csv" / name).is_file()]


def _view(asked: str | None) -> View:
    if asked is None or asked in VIEWS:
        return VIEWS[asked or CROPPED]
    close = nearest(asked, VIEWS)
    raise ConfigError(
        f"--image-column names {asked!r}, which leads to no images of CBIS-DDSM that can be used",
        expected=f"one of {', '.join(map(repr, VIEWS))}",
        action=f"Did you mean {close!r}" if close else "",
    )

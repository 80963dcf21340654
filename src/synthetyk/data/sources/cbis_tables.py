"""What the tables of CBIS-DDSM say: of each lesion its class, patient and series, of each image what it shows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from synthetyk.core.errors import DatasetError
from synthetyk.data.sources.columns import NONE, Table, named_column
from synthetyk.data.sources.rows import Row

CASES = {f"{kind}_case_description_{split}_set.csv": split for kind in ("mass", "calc") for split in ("train", "test")}
INFO = "dicom_info.csv"
PATIENT, PATHOLOGY, PLACE, DESCRIPTION = "patient_id", "pathology", "image_path", "SeriesDescription"
CROPPED, MASK, MAMMOGRAM = "cropped image file path", "ROI mask file path", "image file path"
BENIGN, MALIGNANT = "benign", "malignant"
NOT_CALLED_BACK = "BENIGN_WITHOUT_CALLBACK"
CLASSES = {"BENIGN": BENIGN, NOT_CALLED_BACK: BENIGN, "MALIGNANT": MALIGNANT}


@dataclass(frozen=True)
class View:
    """Which of a lesion's images is taken.

    Attributes:
        columns: Columns of a case table that lead to its series. A crop is looked for beside its mask too, since the
            tables mix them up; a mammogram lies alone.
        description: What `INFO` calls such an image, in small letters: nothing else tells a crop from a mask.
        words: What people call one.
    """

    columns: tuple[str, ...]
    description: str
    words: str


VIEWS = {
    CROPPED: View((CROPPED, MASK), "cropped images", "cropped lesion"),
    MAMMOGRAM: View((MAMMOGRAM,), "full mammogram images", "whole mammogram"),
}


@dataclass(frozen=True)
class Lesion:
    """What one line of a case table says; other columns are left behind here.

    Attributes:
        row: Line, label, group and split.
        series: UID of a series by the column that names it.
        called_back: False where the pathology is `NOT_CALLED_BACK`.
    """

    row: Row
    series: dict[str, str]
    called_back: bool


def lesions(table: Table, label_column: str | None) -> Iterator[Lesion]:
    """Yield what the lines of a case table say.

    Args:
        table: One of `CASES`.
        label_column: Whose values are the classes as they stand; by default benign and malignant, by pathology.

    Raises:
        ConfigError: There is no such column.
        DatasetError: The table lacks a column, or a pathology is of no class.
    """
    check(table, (PATIENT, CROPPED, MASK, MAMMOGRAM, *(() if label_column else (PATHOLOGY,))))
    if label_column not in (None, NONE):
        named_column(table.names, "label", label_column)
    for number, cells in table.rows:
        line = f"{table.path.name}:{number}"
        row = Row(line, _label(line, cells, label_column), cells[PATIENT] or None, CASES[table.path.name])
        series = {column: _series(cells[column]) for column in (CROPPED, MASK, MAMMOGRAM)}
        yield Lesion(row, series, cells.get(PATHOLOGY, "").upper() != NOT_CALLED_BACK)


class Pictures:
    """The images that `INFO` lists.

    Attributes:
        described: What each shows, in small letters; empty where `INFO` does not say.
    """

    def __init__(self, folder: Path, info: Table) -> None:
        check(info, (PLACE, DESCRIPTION))
        self.described: dict[Path, str] = {}
        self._series: dict[str, set[Path]] = defaultdict(set)
        for _, cells in info.rows:
            place = PurePosixPath(cells[PLACE])
            path = folder / place.parent.name / place.name
            self.described[path] = cells[DESCRIPTION].lower()
            self._series[place.parent.name].add(path)

    def of(self, lesion: Lesion, view: View) -> list[Path]:
        """Return the images of a lesion that are such a view.

        The only one that lacks a description is taken if it alone is left: beside a mask, or as a mammogram.
        """
        series = {lesion.series[column] for column in view.columns}
        every = sorted(path for uid in series for path in self._series.get(uid, ()))
        told = [path for path in every if self.described[path] == view.description]
        untold = [path for path in every if not self.described[path]]
        left_over = len(untold) == 1 and len(every) == len(view.columns)
        return told or (untold if left_over else [])


def check(table: Table, columns: Sequence[str]) -> None:
    """Refuse a table that lacks one of its columns.

    Raises:
        DatasetError: It does.
    """
    if missing := [column for column in columns if column not in table.names]:
        raise DatasetError(
            f"{table.path.name} has no column {missing[0]!r}",
            expected=f"the table as CBIS-DDSM brings it, with {', '.join(map(repr, columns))}",
            action="Download it again, or give a table of your own by its path",
        )


def _label(line: str, cells: dict[str, str], column: str | None) -> str | None:
    if column == NONE and NONE not in cells:
        return None
    value = cells[column or PATHOLOGY]
    if column or not value:
        return value or None
    if value.upper() not in CLASSES:
        raise DatasetError(
            f"{line} has the pathology {value!r}",
            expected=f"one of {', '.join(CLASSES)}",
            action=f"Correct it, or take all values as classes by --label-column {PATHOLOGY}",
        )
    return CLASSES[value.upper()]


def _series(cell: str) -> str:
    """Return the UID in ``CASE/STUDY/SERIES/000000.dcm``."""
    return PurePosixPath(cell.replace("\\", "/")).parent.name

"""Reading a CSV or TSV table, and telling which of its columns are image, label, group and split."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from synthetyk.core.config import nearest
from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.data.source import SourceOptions

TABLE_SUFFIXES = (".csv", ".tsv")
NONE = "none"
ROLES = ("image", "label", "group", "split")

# Names as they are guessed, most telling first; a later tuple counts only if no earlier one fits.
_IMAGE = (
    ("file", "filename", "file_name", "path", "filepath", "file_path", "image_path", "image_file", "image_name"),
    ("image", "images", "img", "img_path", "img_name", "picture"),
    ("image_id", "img_id", "image_index", "dicom_id", "dicom", "sop_instance_uid", "sopinstanceuid"),
    ("id", "name", "uid", "key"),
)
_LABEL = (
    ("label", "labels", "class", "class_name", "target", "diagnosis", "dx", "category"),
    ("finding", "findings", "finding_labels", "disease", "pathology", "outcome", "y"),
)
_GROUP = (
    ("patient", "patient_id", "patientid", "subject", "subject_id", "subjectid"),
    ("slide", "slide_id", "case", "case_id", "study", "study_id", "group", "group_id", "lesion_id"),
)
_SPLIT = (("split", "set", "partition", "subset"),)


@dataclass(frozen=True)
class Table:
    """The cells of a table, blanks around them stripped.

    Attributes:
        path: Where it was read.
        names: Names of the columns.
        rows: (line number, cells by column name).
    """

    path: Path
    names: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]


@dataclass(frozen=True)
class Columns:
    """Which column is which; None where there is none. No other column is ever read."""

    image: str
    label: str | None
    group: str | None
    split: str | None


def tables_in(folder: Path) -> list[Path]:
    """Return the tables directly in a folder, by name; hidden files are passed over."""
    inside = (path for path in folder.iterdir() if path.suffix.lower() in TABLE_SUFFIXES)
    return sorted(path for path in inside if path.is_file() and not path.name.startswith("."))


def read_table(path: Path) -> Table:
    """Read a table; the delimiter is the one of ``,``, ``;`` and tab that its header holds most.

    Raises:
        DatasetError: It is no UTF-8 text, has no rows, or two columns of one name.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path.name} is no UTF-8 text", action="Save it as CSV UTF-8") from error
    header = text.lstrip().partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=header.count))
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise DatasetError(f"{path.name} is no table: {error}") from error
    if len(lines) < 2:
        raise DatasetError(f"{path.name} holds no rows", expected="a header line and one line for each image")
    names = tuple(lines[0][1])
    if len(set(names)) < len(names):
        raise DatasetError(f"{path.name} has two columns of one name", expected=f"distinct names, not {_quoted(names)}")
    rows = tuple((line, dict(zip(names, cells + [""] * len(names), strict=False))) for line, cells in lines[1:])
    return Table(path, names, rows)


def choose_columns(names: Sequence[str], options: SourceOptions) -> Columns:
    """Tell which column is which: as the options say, else by the usual names; of two columns the label is the other.

    Raises:
        ConfigError: An option names a column that is not there.
        DatasetError: No column, or more than one, could be the image or the label.
    """
    chosen = {
        "image": _one(names, "image", options, _IMAGE),
        "group": _one(names, "group", options, _GROUP),
        "split": _one(names, "split", options, _SPLIT),
        "label": _one(names, "label", options, _LABEL),
    }
    if chosen["image"] is None:
        raise _unclear(names, "image", [])
    if chosen["label"] is None and options.label_column != NONE:
        others = set(names) - set(chosen.values())
        if len(names) != 2 or not others:
            raise _unclear(names, "label", [])
        chosen["label"] = others.pop()
    return Columns(chosen["image"], chosen["label"], chosen["group"], chosen["split"])


def guess_column(names: Sequence[str], role: Literal["image", "label"]) -> str | None:
    """Return the column that holds images, or labels, by its name; None if none or several could."""
    try:
        return _one(names, role, SourceOptions(), _IMAGE if role == "image" else _LABEL)
    except DatasetError:
        return None


def _one(names: Sequence[str], role: str, options: SourceOptions, tiers: Sequence[Sequence[str]]) -> str | None:
    asked: dict[str, str | None] = {name: getattr(options, f"{name}_column") for name in ROLES}
    mine = asked.pop(role)
    if mine == NONE and mine not in names:
        return None
    if mine is not None:
        return named_column(names, role, mine.strip())
    free = [name for name in names if name not in asked.values()]
    for tier in tiers:
        fits = [name for name in free if "_".join(name.lower().replace("-", " ").split()) in tier]
        if len(fits) > 1:
            raise _unclear(names, role, fits)
        if fits:
            return fits[0]
    return None


def named_column(names: Sequence[str], role: str, asked: str) -> str:
    """Return the column that an option names.

    Raises:
        ConfigError: It is not there; the message names the nearest.
    """
    if asked in names:
        return asked
    close = nearest(asked, names)
    raise ConfigError(
        f"--{role}-column names {asked!r}, which the table does not have",
        expected=f"one of {_quoted(names)}",
        action=f"Did you mean {close!r}" if close else "",
    )


def _unclear(names: Sequence[str], role: str, fits: Sequence[str]) -> DatasetError:
    found = f"More than one column could be the {role}: {_quoted(fits)}" if fits else f"No column looks like the {role}"
    without = "" if role == "image" else f" (--{role}-column none if there is none)"
    return DatasetError(f"{found}; the columns are {_quoted(names)}", action=f"Name it by --{role}-column{without}")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))

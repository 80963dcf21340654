"""CSV and TSV tables: one line for each image, with its class and maybe its patient and split."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from synthetyk.core.errors import DatasetError, DatasetNotFoundError
from synthetyk.data.source import Problem, SourceOptions
from synthetyk.data.sources.columns import (
    TABLE_SUFFIXES,
    Columns,
    Table,
    choose_columns,
    guess_column,
    read_table,
    tables_in,
)
from synthetyk.data.sources.files import as_split, folders_in_words, is_image, walk
from synthetyk.data.sources.rows import Row, RowSource

USUAL_STEM = "labels"
LOOKED_AT = 5  # lines that tell whether a table leads to images


class TableSource(RowSource):
    """A table beside its images, or a folder that holds exactly one table that leads to images.

    An image's cell is a path from the images' root, or a file's name, or its name without extension or without
    leading zeros; the last three are looked for in the whole root.
    """

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` is a table, or a folder whose only table is ``labels`` or leads to images."""
        path = Path(location)
        table = find_table(path)
        return table is not None and (path.is_file() or table.stem.lower() == USUAL_STEM or _leads_to_images(table))

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """Read the table and find its images.

        Raises:
            ConfigError: An option names a column that is not there.
            DatasetError: The columns are unclear, a cell fits several files, or no line fits any.
        """
        path = find_table(Path(location))
        if path is None:
            raise DatasetError(f"There is not exactly one table in {location}", action="Give the CSV file itself")
        root = Path(os.path.normpath(options.images_root or path.parent))
        if not root.is_dir():
            raise DatasetNotFoundError(f"The images' root {root} is no folder", action="Check --images-root")
        table = read_table(path)
        source = cls(root, options, (path,))
        source._list(table, choose_columns(table.names, options))
        if not source._items:
            raise DatasetError(
                f"{path.name} leads to no image: {len(source._problems)} problems, the first: "
                f"{source._problems[0].message}",
                action="Check --image-column and --images-root",
            )
        return source

    def _list(self, table: Table, columns: Columns) -> None:
        finder = _Finder(self.root, self._report_folder)
        found: dict[Path, list[Row]] = defaultdict(list)
        for line, cells in table.rows:
            row, image = _row(table, columns, line, cells), cells[columns.image]
            path = finder.find(image, line)
            if path is None:
                message = f"Line {line} names an image that is not there."
                self._problems.append(Problem(image or f"line {line}", "missing_file", message))
            else:
                found[path].append(row)
        for path in sorted(found, key=self.key):
            self._list_file(path, found[path], labelled=columns.label is not None)
        for path in finder.images():
            if path not in found:
                self._report(path, "no_label", f"No line of {table.path.name} names this image.")


def find_table(location: Path) -> Path | None:
    """Return a table file, or the only table directly in a folder, else None."""
    if location.is_file():
        return location if location.suffix.lower() in TABLE_SUFFIXES else None
    if not location.is_dir():
        return None
    tables = tables_in(location)
    return tables[0] if len(tables) == 1 else None


def _leads_to_images(path: Path) -> bool:
    """Tell whether a table's first lines name files beside it.

    Where no name of a column tells that it holds images, all of these lines must, beside a column of labels: then the
    table is what the user means, and opening it says which column is unclear.
    """
    try:
        table = read_table(path)
    except DatasetError:
        return False
    finder, image, label = _Finder(path.parent), guess_column(table.names, "image"), guess_column(table.names, "label")

    def found(column: str) -> list[bool]:
        try:
            return [finder.find(cells[column], line) is not None for line, cells in table.rows[:LOOKED_AT]]
        except DatasetError:  # a cell fits several files
            return [False]

    if image is not None:
        return any(found(image))
    return label is not None and any(all(found(name)) for name in table.names if name != label)


def _row(table: Table, columns: Columns, line: int, cells: dict[str, str]) -> Row:
    def cell(column: str | None) -> str | None:
        return (cells[column] or None) if column else None

    split = cell(columns.split)
    if split and as_split(split) is None:
        raise DatasetError(
            f"Line {line} of {table.path.name} has {split!r} in column {columns.split!r}",
            expected="train, val or test",
            action="Correct it, or ignore the column by --split-column none",
        )
    return Row(str(line), cell(columns.label), cell(columns.group), as_split(split) if split else None)


class _Finder:
    """Finds the files that cells mean; the tree is listed once, and only if it has to be."""

    def __init__(self, root: Path, unreadable: Callable[[OSError], None] | None = None) -> None:
        self.root, self.unreadable = root, unreadable
        self._images: list[Path] | None = None
        self._index: dict[str, list[Path]] = {}

    def images(self) -> list[Path]:
        """Return every image below the root."""
        if self._images is None:
            self._images = [path for path in walk(self.root, self.unreadable) if is_image(path)]
            for path in self._images:
                for name in _names(path.relative_to(self.root)):
                    self._index.setdefault(name, []).append(path)
        return self._images

    def find(self, cell: str, line: int) -> Path | None:
        """Return the file that a cell means, None if there is none.

        Raises:
            DatasetError: There are several.
        """
        if not cell:
            return None
        cell = cell.replace("\\", "/")
        direct = Path(os.path.normpath(self.root / cell))
        if _is_file(direct):
            return direct
        self.images()
        for name in _spellings(cell):
            fits = self._index.get(name, [])
            if len(fits) > 1:
                files = folders_in_words(path.relative_to(self.root).as_posix() for path in fits)
                raise DatasetError(
                    f"Line {line} means several files: {files}",
                    expected="one image for each line",
                    action="Give paths in the table, or a narrower --images-root",
                )
            if fits:
                return fits[0]
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a cell that is too long to be a path
        return False


def _names(path: Path) -> Iterable[str]:
    """Return the spellings by which a cell may call a file; their first letters keep them apart."""
    stem = path.name[: -len(path.suffix)] if path.suffix else path.name
    return {f"path:{path.with_suffix('').as_posix()}", f"name:{path.name}", f"stem:{stem}", f"bare:{_bare(stem)}"}


def _spellings(cell: str) -> list[str]:
    """Return what a cell may mean, the exact first."""
    name = cell.rpartition("/")[2]
    return [f"path:{cell}", f"name:{name}", f"stem:{name}", f"bare:{_bare(name)}"]


def _bare(stem: str) -> str:
    return stem.lstrip("0") or "0"

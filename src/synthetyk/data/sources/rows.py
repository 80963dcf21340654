"""What sources share whose tables lead to files: a file is listed once, and only if its lines agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synthetyk.data.sources.files import FileSource, folders_in_words


@dataclass(frozen=True)
class Row:
    """What one line says of one image; other columns are left behind here.

    Attributes:
        line: Where it stands: its number, after the table's name where there are several.
        label: Class.
        group: Patient or slide.
        split: ``train``, ``val`` or ``test``.
    """

    line: str
    label: str | None
    group: str | None
    split: str | None


class RowSource(FileSource):
    """Files that lines of tables lead to."""

    def _list_file(self, path: Path, rows: Sequence[Row], *, labelled: bool) -> None:
        """List a file if all its lines say the same; lines that repeat or contradict each other are reported."""
        lines = folders_in_words(row.line for row in rows)
        if len({row.label for row in rows}) > 1:
            self._report(path, "conflicting_label", f"Lines {lines} give this image different labels.")
        elif len({(row.group, row.split) for row in rows}) > 1:
            self._report(path, "conflicting_row", f"Lines {lines} give this image different groups or splits.")
        elif labelled and not rows[0].label:
            self._report(path, "no_label", f"Line {lines} has an empty label.")
        else:
            if len(rows) > 1:
                self._report(path, "duplicate_row", f"Lines {lines} say the same of this image; it is used once.")
            self._add(path, label=rows[0].label, split=rows[0].split, group=rows[0].group)

"""Breast histopathology: ``[IDC_regular_ps50_idx5/]PATIENT/0|1/PATIENT_idx5_x51_y1_class0.png``, as Kaggle packs it."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Self

from synthetyk.core.errors import DatasetError
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.files import IMAGE_SUFFIXES, FileSource, folders_in_words, walk

# In natural order the positive class is the second, which the study takes for the one to be found.
CLASSES = {"0": "IDC negative", "1": "IDC positive"}
LAYOUT = "PATIENT/0|1/PATIENT_idx5_xX_yY_class0|1.png"
LOOKED_AT = 200
_NAME = re.compile(r"(.+)_idx\d+_x\d+_y\d+_class([01])\.png", re.IGNORECASE)


class IdcSource(FileSource):
    """Patches with and without invasive ductal carcinoma (IDC): classes are the folders 0 and 1 below each patient.

    Patients are groups. Kaggle's archive may hold the whole tree twice, one inside the other; a patch is used once.
    """

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether most of the first images below `location` are such patches by folder and name."""
        path = Path(location).absolute()
        files = walk(path) if path.is_dir() else iter(())
        first = list(islice((file for file in files if file.suffix.lower() in IMAGE_SUFFIXES), LOOKED_AT))
        return 2 * sum(_is_patch(file) for file in first) > len(first)

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """List the patches.

        Raises:
            DatasetError: There is none.
        """
        root = Path(location).absolute()
        source = cls(root, options)
        source._list(source._images(root))
        if not source._items:
            raise DatasetError(f"There is no patch in {location}", expected=f"files like {LAYOUT}")
        return source

    def _list(self, paths: Sequence[Path]) -> None:
        listed: set[str] = set()
        again: list[Path] = []
        for path in sorted(paths, key=lambda path: len(path.parts)):  # the outer tree first
            name = _NAME.fullmatch(path.name)
            if name is None:
                self._report(path, "no_label", f"Is no patch of the form {LAYOUT}.")
            elif not _is_patch(path):
                self._report(path, "conflicting_label", "Name and folders give different classes or patients.")
            elif path.name in listed:
                again.append(path)
            else:
                listed.add(path.name)
                self._add(path, label=CLASSES[name[2]], group=name[1])
        self._items.sort(key=lambda item: item.key)
        self._remark(again)

    def _remark(self, again: Sequence[Path]) -> None:
        said = " and ".join(f"{name} ({folder})" for folder, name in CLASSES.items())
        self._remarks.append(f"Recognised as IDC histology: classes {said} by the folder below each patient.")
        if again:
            trees = folders_in_words({self.key(path.parents[2]) for path in again})
            self._remarks.append(f"Left out as a second copy of the tree, by their names: {len(again):,} in {trees}.")


def _is_patch(path: Path) -> bool:
    """Tell whether a file's name and the two folders above it agree on patient and class."""
    name = _NAME.fullmatch(path.name)
    return name is not None and path.parts[-3:-1] == name.groups()

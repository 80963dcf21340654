"""DICOM trees and single files: every frame an image, patients told by the files themselves."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from synthetyk.core.errors import DatasetError
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.files import FileSource, as_split, content_kind, is_image, walk


class DicomSource(FileSource):
    """DICOM files, known by content, whatever their names.

    ``root/[split/]class/file`` gives classes; any other depth (patient/study/series) a set without labels, and so do
    folders that are patients: two or more, each with one patient of its own.
    """

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` is a DICOM file, or a folder whose images are all DICOM."""
        path = Path(location)
        if path.is_file():
            return content_kind(path) == "DICOM"
        images = (file for file in walk(path) if is_image(file)) if path.is_dir() else iter(())
        kinds = [content_kind(next(images, path))]
        return kinds == ["DICOM"] and all(content_kind(file) == "DICOM" for file in images)

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """List the frames of a DICOM file or tree.

        Raises:
            DatasetError: No DICOM file with pixels is there.
        """
        top = Path(location)
        source = cls(top if top.is_dir() else top.parent, options)
        paths = sorted(source._images(top), key=source.key) if top.is_dir() else [top]
        source._list(paths)
        if top.is_dir():
            source._remark_tables(top)
        if not source._items:
            raise DatasetError(f"There is no DICOM file with pixels in {location}{source._first_problem()}")
        return source

    def _list(self, paths: Sequence[Path]) -> None:
        folders = [path.relative_to(self.root).parts[:-1] for path in paths]
        splits = [as_split(folder[0]) if folder else None for folder in folders]
        has_splits = all(splits)
        classes = [folder[1:] if has_splits else folder for folder in folders]
        labelled = all(len(below) == 1 for below in classes)
        for path, split, below in zip(paths, splits, classes, strict=True):
            self._add(path, label=below[0] if labelled else None, split=split if has_splits else None)
        if self._classes_are_patients():
            self._items = [replace(item, label=None) for item in self._items]
            self._report(self.root, "no_label", "Every folder holds one patient: they are patients, not classes.")

    def _classes_are_patients(self) -> bool:
        found: dict[str | None, set[str | None]] = defaultdict(set)
        for item in self._items:
            found[item.label].add(item.group)
        alone = {next(iter(groups)) for groups in found.values() if len(groups) == 1}
        return len(alone) == len(found) > 1 and alone <= set(self._patients.values())

"""Image folders: ``root/[split/]class/*``, or images alone, which are a set without labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from synthetyk.core.errors import DatasetError
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.files import FileSource, as_split, folders_in_words


class FolderSource(FileSource):
    """A folder of images. Split folders are train, val and test (and their usual variants); classes have any name.

    Deeper folders belong to the class above them. An image beside the class folders has no label and is reported; if
    there are no class folders at all, the set is without labels.
    """

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` is a folder."""
        return Path(location).is_dir()

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:
        """List the images of a folder.

        Raises:
            DatasetError: There is no image.
        """
        root = Path(location)
        source = cls(root, options)
        paths = sorted(source._images(root), key=source.key)
        if not paths:
            raise DatasetError(
                f"There is no image in {location}{source._first_problem()}",
                expected="PNG, JPEG, TIFF, BMP or DICOM files, usually as [train|val|test]/CLASS/*",
            )
        source._list(paths)
        source._remark_tables(root)
        return source

    def _list(self, paths: Sequence[Path]) -> None:
        folders = [path.relative_to(self.root).parts[:-1] for path in paths]
        split_folders = layout(folders)
        places = [(as_split(f[0]), f[1:]) if f and f[0] in split_folders else (None, f) for f in folders]
        labelled = any(classes for _, classes in places)
        for path, (split, classes) in zip(paths, places, strict=True):
            if split_folders and split is None:
                self._report(path, "no_label", f"Lies outside the split folders {folders_in_words(split_folders)}.")
            elif labelled and not classes:
                self._report(path, "no_label", "Lies beside the class folders, not in one.")
            else:
                self._add(path, label=classes[0] if classes else None, split=split)


def layout(folders: Sequence[tuple[str, ...]]) -> set[str]:
    """Return the top folders that are splits.

    A folder with the name of a split is one if it holds class folders, or if all top folders have such names;
    otherwise ``test`` beside ``control`` is a class.

    Args:
        folders: Names of the folders above each image, from the root.
    """
    top = {folder[0] for folder in folders if folder}
    named = {name for name in top if as_split(name)}
    if named == top:
        return named
    return {name for name in named if any(len(folder) > 1 for folder in folders if folder[:1] == (name,))}

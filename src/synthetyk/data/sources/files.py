"""What all sources that read files share: walking a tree, what counts as an image, DICOM frames, reading, hashing."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from synthetyk.core.artifacts import sha256_file
from synthetyk.core.errors import DecodeError
from synthetyk.data.decode import decode, kind_of
from synthetyk.data.dicom import shared_reader
from synthetyk.data.source import Item, Problem, RawImage, SourceOptions
from synthetyk.data.sources.columns import tables_in

IMAGE_SUFFIXES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".tif",
        ".tiff",
        ".bmp",
        ".dib",
        ".gif",
        ".webp",
        ".jp2",
        ".dcm",
        ".dicom",
    }
)
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}


def as_split(name: str) -> str | None:
    """Return ``train``, ``val`` or ``test`` if `name` is one of their usual names in any case, else None."""
    return _SPLITS.get(name.strip().lower())


def walk(root: Path, unreadable: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """Yield the files below a folder in a stable order; hidden files and folders are passed over.

    Linked folders are followed, each real folder once.

    Args:
        root: Where to begin.
        unreadable: Told of every folder that cannot be listed; by default nobody is.
    """
    seen: set[str] = set()
    for folder, folders, files in os.walk(root, onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def content_kind(path: Path) -> str | None:
    """Return what a file's first bytes say that it is, None if no image or unreadable."""
    try:
        with path.open("rb") as file:
            return kind_of(file.read(132))
    except OSError:
        return None


def is_image(path: Path) -> bool:
    """Tell whether a file is an image by its content, or at least says so by its name."""
    return path.suffix.lower() in IMAGE_SUFFIXES or content_kind(path) is not None


@dataclass
class FileSource:
    """Images in files below a root; what sources of files inherit.

    Attributes:
        root: Folder that keys start from.
        options: What the user said.
        extra: Files beside the images that decide what the set is (a table).
    """

    root: Path
    options: SourceOptions
    extra: tuple[Path, ...] = ()
    _items: list[Item] = field(default_factory=list)
    _problems: list[Problem] = field(default_factory=list)
    _patients: dict[str, str] = field(default_factory=dict)
    _remarks: list[str] = field(default_factory=list)

    def items(self) -> Sequence[Item]:
        """Return every image, ordered by path."""
        return self._items

    def problems(self) -> Sequence[Problem]:
        """Return what was found unusable while listing."""
        return self._problems

    def remarks(self) -> Sequence[str]:
        """Return what was recognised and decided, in sentences; nothing where folders speak for themselves."""
        return self._remarks

    def read(self, item: Item) -> RawImage:
        """Decode one image.

        Raises:
            DecodeError: It cannot be decoded.
        """
        path, frame = self._locate(item.key)
        if content_kind(path) == "DICOM":
            return shared_reader().frame(path, frame, max_pixels=self.options.max_pixels)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DecodeError("The file cannot be read", kind="missing_file") from error
        return decode(data, max_pixels=self.options.max_pixels)

    def content_hash(self) -> str:
        """Return a SHA-256 over the files, what is said about them, and the options."""
        digest = hashlib.sha256(self.options.model_dump_json().encode())
        for path in self.extra:
            digest.update(sha256_file(path).encode())
        for problem in self._problems:
            digest.update(f"{problem}\n".encode())
        last, content = None, ""
        for item in self._items:
            path, _ = self._locate(item.key)
            if path != last:
                last, content = path, _hash_or_missing(path)
            digest.update(f"{item}\0{content}\n".encode())
        return digest.hexdigest()

    def key(self, path: Path) -> str:
        """Return a file's key: its path below the root, with slashes."""
        inside = path.relative_to(self.root) if path.is_relative_to(self.root) else path
        return inside.as_posix()

    def _locate(self, key: str) -> tuple[Path, int]:
        path = self.root / key
        name, mark, frame = key.rpartition("#")
        if mark and frame.isdigit() and not path.exists():
            return self.root / name, int(frame)
        return path, 0

    def _images(self, root: Path) -> list[Path]:
        """Return the images below a folder; a folder whose files cannot be known is a problem."""
        return [path for path in walk(root, self._report_folder) if is_image(path)]

    def _report_folder(self, error: OSError) -> None:
        message = f"This folder cannot be listed ({error.strerror}): nothing in it is read."
        self._report(Path(error.filename), "unreadable_folder", message)

    def _report(self, path: Path, kind: str, message: str) -> None:
        self._problems.append(Problem(self.key(path), kind, message))

    def _remark_tables(self, folder: Path) -> None:
        """Say which tables of a folder are passed over: what its folders are called may not be what is wanted."""
        if tables := tables_in(folder):
            names = folders_in_words(path.name for path in tables)
            self._remarks.append(f"Not read: {names}. If labels are in there, give the path of that file itself.")

    def _first_problem(self) -> str:
        """Return what an error says besides, if a problem may be why nothing is there."""
        return f"; {self._problems[0].message.rstrip('.')}" if self._problems else ""

    def _add(self, path: Path, *, label: str | None = None, split: str | None = None, group: str | None = None) -> None:
        """List a file: one item, or one for each frame of a DICOM file."""
        key = self.key(path)
        if content_kind(path) != "DICOM":
            self._items.append(Item(key, label, split, group))
            return
        try:
            info = shared_reader().load(path, max_pixels=self.options.max_pixels)
        except DecodeError as error:
            self._report(path, error.kind, str(error))
            return
        if group is None:
            group = self._patient(info.patient) or (key if info.frames > 1 else None)
        names = [key] if info.frames == 1 else [f"{key}#{frame}" for frame in range(info.frames)]
        self._items.extend(Item(name, label, split, group) for name in names)

    def _patient(self, hashed: str | None) -> str | None:
        """Return a patient's name in this set: a number in the order of appearance, never the value itself."""
        return self._patients.setdefault(hashed, f"patient-{len(self._patients) + 1}") if hashed else None


def _hash_or_missing(path: Path) -> str:
    try:
        return sha256_file(path)
    except OSError:
        return "missing"


def folders_in_words(names: Iterable[str], most: int = 5) -> str:
    """Return names for a message, the first few of them."""
    listed = sorted(names)
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")

"""A synthetic set on disk: its manifest, its images, which images its generator met, and whether it was changed."""

import json
from pathlib import Path
from typing import ClassVar, Literal, Self

from synthetyk.core.artifacts import Artifact, Migration, sha256_file
from synthetyk.core.config import Config
from synthetyk.core.errors import ArtifactError
from synthetyk.data import shards
from synthetyk.data.dataset import ImageArray
from synthetyk.data.images_met import ImagesMet
from synthetyk.data.shards import Format, Images, Labels

NOTICE = (
    "Every image of this set was drawn by a generative model: never diagnose with it. Whether some resemble images of "
    "patients that the model was trained on is what the privacy audit tells, not this file."
)


class MetFile(Config):
    """The file beside a synthetic set that tells which images its generator met, by hashes: see `data.images_met`.

    Attributes:
        file: Its name. It may be left out where a set is handed on.
        sha256: Hash of it.
        trained: Images that the generator was trained on.
        judged: Further images that its training was judged by: those of validation.
    """

    file: str
    sha256: str
    trained: int
    judged: int

    @classmethod
    def write(cls, met: ImagesMet, path: Path) -> Self:
        """Write it, and return what a manifest says of it."""
        met.save(path)
        return cls(file=path.name, sha256=sha256_file(path), trained=len(met.trained), judged=len(met.judged))


class Manifest(Artifact):
    """Where a synthetic set comes from and what it holds, ``manifest.json`` beside ``files.jsonl``.

    Attributes:
        synthetic: Always true.
        notice: What a reader has to know.
        created_by: Tool and version; no time, so that the same seed gives the same bytes.
        model_sha256: Hash of the generator's weights; of a packaged one that of its ONNX file.
        noise_scale: What that generator multiplies its noise with.
        seed: Seed of the images.
        format: How the images are stored.
        count: Images in all.
        counts: Images per class.
        class_names: One name per label; empty for a set without labels.
        image_shape: (C, H, W) of each image.
        files: Name of the list of files, lines of ``{"path", "sha256", "bytes"}``.
        files_sha256: Hash of that list, and through it of every file.
        met: Which images the generator met; None where it is not known.
    """

    schema_name: ClassVar[str] = "manifest"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    synthetic: Literal[True] = True
    notice: str = NOTICE
    created_by: str
    model_sha256: str
    noise_scale: float = 1.0
    seed: int
    format: Format
    count: int
    counts: dict[str, int]
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    files: str
    files_sha256: str
    met: MetFile | None = None


class Papers:
    """Where the papers of a set lie: in its folder, or beside its one npz.

    Args:
        path: The set.
        single: Whether it is one npz.
    """

    def __init__(self, path: Path, *, single: bool) -> None:
        self.home, self.single = path.parent if single else path, single
        prefix = f"{path.stem}." if single else ""
        self.manifest, self.files, self.met = (
            f"{prefix}{name}" for name in ("manifest.json", "files.jsonl", "met.npy")
        )

    @classmethod
    def of(cls, path: Path) -> Self:
        """Return those of a set that lies at `path`."""
        return cls(path, single=path.suffix == ".npz")


def load_synthetic(path: Path) -> tuple[Images, Labels]:
    """Read a synthetic set: uint8 images ``(N, C, H, W)`` and int64 labels, `UNLABELLED` where there are none.

    Args:
        path: The folder that `generate` made, or any npz with arrays `images` and `labels`.

    Raises:
        ArtifactError: Something is missing or damaged.
    """
    if path.suffix == ".npz":
        return shards.read_npz(path)
    manifest = Manifest.load(path / "manifest.json")
    if manifest.format == "npz":
        return shards.read_npz(path / shards.NPZ_NAME)
    if manifest.format == "webdataset":
        return shards.read_webdataset(path)
    return shards.read_png(path, manifest.class_names)


def open_synthetic(path: Path) -> tuple[ImageArray, Labels]:
    """Read a synthetic set as `load_synthetic` does; the images of an npz stay in the file until they are asked for.

    Args:
        path: What `generate` was given as `output`.

    Raises:
        ArtifactError: Something is missing or damaged.
    """
    npz = path if path.suffix == ".npz" else path / shards.NPZ_NAME
    return shards.open_npz(npz) if npz.exists() else load_synthetic(path)


def verify(path: Path) -> Manifest:
    """Check every file of a synthetic set against its hashes.

    Args:
        path: What `generate` was given as `output`.

    Returns:
        The manifest.

    Raises:
        ArtifactError: There is no such set, or a file of it is missing, was changed, or does not belong to it.
    """
    papers = Papers.of(path)
    folder, manifest = papers.home, manifest_of(path)
    files = folder / manifest.files
    if not files.is_file() or sha256_file(files) != manifest.files_sha256:
        raise ArtifactError(f"{files} is missing or was changed", action="Generate the set again")
    listed = {line["path"]: line["sha256"] for line in map(json.loads, files.read_text().splitlines())}
    for name, sha256 in listed.items():
        if not (folder / name).is_file() or sha256_file(folder / name) != sha256:
            raise ArtifactError(f"{folder / name} is missing or was changed", action="Generate the set again")
    met = _check_met(manifest, folder)
    if not papers.single and (others := _others(folder, {*listed, papers.manifest, papers.files, *met})):
        found = f"{folder / others[0]} does not belong to the set"
        raise ArtifactError(found, action="Remove it, or generate the set again elsewhere")
    return manifest


def strangers(folder: Path) -> list[str]:
    """Return the files in the folder of a set that are not known to be of it, as paths within, sorted.

    Where its list of files is missing or damaged it is taken for a set as runs have it: one npz.
    """
    papers = Papers(folder, single=False)
    return _others(folder, {papers.manifest, papers.files, papers.met, *_named_by(folder / papers.files)})


def manifest_of(path: Path) -> Manifest:
    """Return the manifest of a synthetic set.

    Args:
        path: What `generate` was given as `output`.

    Raises:
        ArtifactError: There is no such set.
    """
    papers = Papers.of(path)
    if not (papers.home / papers.manifest).is_file():
        raise ArtifactError(f"{path} is no synthetic set", expected="what synthetyk generate wrote, with its manifest")
    return Manifest.load(papers.home / papers.manifest)


def images_met(path: Path) -> ImagesMet | None:
    """Return which images the generator of a set met; None where that is not known, or its file was left out.

    Args:
        path: What `generate` was given as `output`.

    Raises:
        ArtifactError: There is no such set, or the file was changed.
    """
    manifest, folder = manifest_of(path), Papers.of(path).home
    return ImagesMet.load(folder / manifest.met.file) if manifest.met and _check_met(manifest, folder) else None


def _check_met(manifest: Manifest, folder: Path) -> set[str]:
    """Return the name of the file of the images met, if there is one; it may have been left out, but not changed."""
    if manifest.met is None or not (folder / manifest.met.file).exists():
        return set()
    if sha256_file(folder / manifest.met.file) != manifest.met.sha256:
        raise ArtifactError(f"{folder / manifest.met.file} was changed", action="Generate the set again")
    return {manifest.met.file}


def _named_by(listing: Path) -> set[str]:
    try:
        return {json.loads(line)["path"] for line in listing.read_text(encoding="utf-8").splitlines()}
    except (OSError, ValueError, KeyError, TypeError):
        return {shards.NPZ_NAME}


def _others(folder: Path, known: set[str]) -> list[str]:
    """Return the files in a folder but those known, as paths within, sorted."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name not in known)

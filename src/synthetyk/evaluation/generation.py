"""Synthetic sets on disk: streamed in constant memory, reproducible byte by byte, with a manifest of their origin."""

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthetyk
from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact, sha256_file
from synthetyk.core.config import Config
from synthetyk.core.errors import ArtifactError, ConfigError, RunError
from synthetyk.core.progress import Progress, silent
from synthetyk.data import shards
from synthetyk.data.dataset import ImageArray
from synthetyk.data.shards import Batches, Format, Images, Labels, Layout
from synthetyk.training.generator_file import LoadedGenerator
from synthetyk.training.sampler import CHUNK, Sampler

NOTICE = (
    "Every image of this set was drawn by a generative model: never diagnose with it. Whether some resemble images of "
    "patients that the model was trained on is what the privacy audit tells, not this file."
)


class GenerationConfig(Config):
    """What to draw.

    Attributes:
        counts: Images per class in the order of the labels; one number for an unconditional generator.
        seed: Seed of the images; None takes the generator's own.
        format: ``png`` (a folder per class), ``npz`` (arrays `images`, `labels`) or ``webdataset`` (tar shards).
        per_shard: Images in one tar shard.
    """

    counts: tuple[int, ...] = Field(min_length=1)
    seed: int | None = Field(default=None, ge=0)
    format: Format = "png"
    per_shard: int = Field(default=1000, ge=1)


class Manifest(Artifact):
    """Where a synthetic set comes from and what it holds, ``manifest.json`` beside ``files.jsonl``.

    Attributes:
        synthetic: Always true.
        notice: What a reader has to know.
        created_by: Tool and version; no time, so that the same seed gives the same bytes.
        model_sha256: Hash of the generator's weights.
        noise_scale: What that generator multiplies its noise with.
        seed: Seed of the images.
        format: How the images are stored.
        count: Images in all.
        counts: Images per class.
        class_names: One name per label; empty for a set without labels.
        image_shape: (C, H, W) of each image.
        files: Name of the list of files, lines of ``{"path", "sha256", "bytes"}``.
        files_sha256: Hash of that list, and through it of every file.
    """

    schema_name: ClassVar[str] = "manifest"

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


def balance_counts(counts: Sequence[int] | NDArray[np.int64]) -> tuple[int, ...]:
    """Return how many images each class lacks to reach the largest one."""
    return tuple(int(max(counts, default=0) - count) for count in counts)


def generate(
    generator: LoadedGenerator,
    config: GenerationConfig,
    output: Path,
    *,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Manifest:
    """Draw a synthetic set and write it with its manifest; nothing appears at `output` before it is complete.

    Image i of a class is the same whatever the counts, and the same settings give the same bytes. Classes are mixed by
    a seeded shuffle, so that any stretch of the set holds all of them.

    Args:
        generator: What draws.
        config: What to draw.
        output: Folder to make; or a path that ends in ``.npz``, which becomes that one file with ``.manifest.json`` and
            ``.files.jsonl`` beside it.
        overwrite: Replace a synthetic set that lies there.
        progress: Told about images drawn.

    Raises:
        ConfigError: The counts do not fit the generator.
        RunError: Something lies at `output` (with `overwrite`: something other than a synthetic set).
    """
    layout = _layout(generator, config)
    target = _Target(output, single=config.format == "npz" and output.suffix == ".npz")
    target.check_free(overwrite)
    folder = target.fresh()
    seed = generator.card.seed if config.seed is None else config.seed
    batches = _batches(generator.sampler(seed), layout, config.counts, seed, progress)
    _list_files(_write(folder, target, config, layout, batches), folder, folder / target.files)
    manifest = Manifest(
        created_by=f"Synthetyk {synthetyk.__version__}",
        model_sha256=generator.card.sha256,
        noise_scale=generator.card.noise_scale,
        seed=seed,
        format=config.format,
        count=layout.count,
        counts={layout.class_name(label): count for label, count in enumerate(config.counts)},
        class_names=layout.class_names,
        image_shape=layout.shape,
        files=target.files,
        files_sha256=sha256_file(folder / target.files),
    )
    manifest.save(folder / target.manifest)
    target.finish()
    return manifest


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
        path: The folder that `generate` made.

    Raises:
        ArtifactError: Something is missing or damaged.
    """
    npz = path / shards.NPZ_NAME
    return shards.open_npz(npz) if npz.exists() else load_synthetic(path)


def verify(path: Path) -> Manifest:
    """Check every file of a synthetic set against its hashes.

    Args:
        path: What `generate` was given as `output`.

    Returns:
        The manifest.

    Raises:
        ArtifactError: A file is missing, was changed, or does not belong to the set.
    """
    target = _Target(path, single=path.suffix == ".npz")
    folder = target.home
    manifest = Manifest.load(folder / target.manifest)
    files = folder / manifest.files
    if not files.is_file() or sha256_file(files) != manifest.files_sha256:
        raise ArtifactError(f"{files} is missing or was changed", action="Generate the set again")
    listed = {line["path"]: line["sha256"] for line in map(json.loads, files.read_text().splitlines())}
    for name, sha256 in listed.items():
        if not (folder / name).is_file() or sha256_file(folder / name) != sha256:
            raise ArtifactError(f"{folder / name} is missing or was changed", action="Generate the set again")
    if not target.single:
        _refuse_strangers(folder, {*listed, target.manifest, target.files})
    return manifest


class _Target:
    """Where a set goes: a folder of its own, or one npz with its papers beside it."""

    def __init__(self, output: Path, *, single: bool) -> None:
        self.output, self.single = output, single
        self.home = output.parent if single else output
        prefix = f"{output.stem}." if single else ""
        self.manifest, self.files = f"{prefix}manifest.json", f"{prefix}files.jsonl"
        self._partial = output.with_name(f".{output.name}.partial")

    def check_free(self, overwrite: bool) -> None:
        """Refuse to touch what is not ours."""
        if not self.output.exists() or (self.output.is_dir() and not any(self.output.iterdir())):
            return
        ours = (self.home / self.manifest).is_file()
        if not (overwrite and ours):
            found = f"{self.output} exists" if ours else f"{self.output} exists and is no set that Synthetyk made"
            action = "Choose another output" + (", or overwrite it" if ours else "")
            raise RunError(found, expected="a path where nothing lies", action=action)

    def fresh(self) -> Path:
        """Return an empty folder beside the output, what a killed attempt left there removed."""
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        return self._partial

    def finish(self) -> None:
        """Move what is complete into place, the manifest last."""
        if self.single:
            for name in (self.files, self.output.name, self.manifest):
                (self._partial / name).replace(self.home / name)
            self._partial.rmdir()
            return
        if self.output.exists():
            shutil.rmtree(self.output)
        self._partial.replace(self.output)


def _layout(generator: LoadedGenerator, config: GenerationConfig) -> Layout:
    names = generator.card.class_names
    classes = len(names) or 1
    if len(config.counts) != classes:
        raise ConfigError(f"Counts of {len(config.counts)} classes were given", expected=f"{classes} numbers")
    if min(config.counts) < 0 or not sum(config.counts):
        raise ConfigError(f"The counts are {list(config.counts)}", expected="at least 0 each and at least 1 in all")
    return Layout(sum(config.counts), generator.card.image_shape, names)


def _write(folder: Path, target: _Target, config: GenerationConfig, layout: Layout, batches: Batches) -> Iterator[Path]:
    """Write the set, yielding each file as soon as it is whole."""
    if config.format == "npz":
        return shards.write_npz(folder / (target.output.name if target.single else shards.NPZ_NAME), layout, batches)
    if config.format == "webdataset":
        return shards.write_webdataset(folder, layout, batches, per_shard=config.per_shard)
    return shards.write_png(folder, layout, batches)


def _batches(
    sampler: Sampler, layout: Layout, counts: Sequence[int], seed: int, progress: Progress
) -> Iterator[tuple[Images, Labels]]:
    """Yield the set piece by piece; within a class the numbers run on, as the sampler draws them cheapest."""
    labels = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    labels = seeding.generator(seed, "generate/order").permutation(labels)
    size = CHUNK * max(32, 2 * len(counts))
    drawn = np.zeros(len(counts), dtype=np.int64)
    for start in range(0, len(labels), size):
        piece = labels[start : start + size]
        images = np.empty((len(piece), *layout.shape), dtype=np.uint8)
        for label in np.unique(piece):
            here = piece == label
            numbers = drawn[label] + np.arange(here.sum())
            images[here] = sampler.sample(int(label) if layout.class_names else None, numbers)
            drawn[label] += len(numbers)
        yield images, piece
        progress(start + len(piece), len(labels), "images drawn")


def _list_files(paths: Iterable[Path], folder: Path, listing: Path) -> None:
    """List files as they come: a million of them would fill the memory."""
    with listing.open("w", encoding="utf-8") as file:
        for path in paths:
            line = {"path": path.relative_to(folder).as_posix(), "sha256": sha256_file(path)}
            file.write(json.dumps({**line, "bytes": path.stat().st_size}) + "\n")


def _refuse_strangers(folder: Path, known: set[str]) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in known:
            raise ArtifactError(f"{path} does not belong to the set", action="Remove it, or generate the set again")

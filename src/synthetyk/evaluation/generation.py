"""Synthetic sets on disk: streamed in constant memory, reproducible byte by byte, with a manifest of their origin."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import synthetyk
from synthetyk.core import seeding
from synthetyk.core.artifacts import sha256_file
from synthetyk.core.config import Config
from synthetyk.core.errors import ConfigError, RunError
from synthetyk.core.progress import Progress, silent
from synthetyk.core.words import listed
from synthetyk.data import shards
from synthetyk.data.images_met import ImagesMet
from synthetyk.data.shards import Batches, Format, Images, Labels, Layout
from synthetyk.evaluation.synthetic_set import Manifest, MetFile, Papers, strangers

if TYPE_CHECKING:  # where sets are drawn from packages there is no torch, elsewhere maybe no ONNX Runtime
    from synthetyk.runtime.generator import GeneratorSession
    from synthetyk.training.generator_file import LoadedGenerator

NAMED = 3  # files of somebody else that a refusal names
PIECE = 1024  # images that are drawn at a time, a multiple of the chunks in which generators draw
Draw = Callable[[int | None, NDArray[np.int64]], Images]  # numbered images of a class, uint8 (n, C, H, W)


@dataclass(frozen=True)
class Source:
    """A generator, as far as a set of its images has to know it.

    Attributes:
        class_names: One for each label; empty if unconditional.
        image_shape: (C, H, W) of an image.
        sha256: Hash of its weights or of its file.
        noise_scale: What it multiplies its noise with.
        seed: Of its images, unless another is asked for.
        drawing: Returns what draws the images of a seed.
        met: Which images it met in its training; None where that is not known.
    """

    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int]
    sha256: str
    noise_scale: float
    seed: int
    drawing: Callable[[int], Draw]
    met: ImagesMet | None = None


def trained_source(generator: "LoadedGenerator") -> Source:
    """Return the generator of a run."""
    card = generator.card
    return Source(
        class_names=card.class_names,
        image_shape=card.image_shape,
        sha256=card.sha256,
        noise_scale=card.noise_scale,
        seed=card.seed,
        drawing=lambda seed: generator.sampler(seed).sample,
        met=generator.met,
    )


def packaged_source(session: "GeneratorSession", sha256: str) -> Source:
    """Return the generator of a package.

    Args:
        session: What draws.
        sha256: Hash of its file.
    """
    about = session.about
    return Source(
        class_names=about.class_names,
        image_shape=about.shape,
        sha256=sha256,
        noise_scale=about.noise_scale,
        seed=about.seed,
        drawing=lambda seed: partial(session.sample, seed=seed),
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


def balance_counts(counts: Sequence[int] | NDArray[np.int64]) -> tuple[int, ...]:
    """Return how many images each class lacks to reach the largest one."""
    return tuple(int(max(counts, default=0) - count) for count in counts)


def write_set(
    source: Source,
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
        source: What draws.
        config: What to draw.
        output: Folder to make; or a path that ends in ``.npz``, which becomes that one file with ``.manifest.json`` and
            ``.files.jsonl`` and, where it is known which images the generator met, ``.met.npy`` beside it.
        overwrite: Replace a synthetic set that lies there.
        progress: Told about images drawn.

    Raises:
        ConfigError: The counts do not fit the generator.
        RunError: Something lies at `output` (with `overwrite`: something other than a synthetic set, or files beside
            it that are not of it), or it is the folder that the process is in.
    """
    layout = _layout(source, config)
    target = _Target(output, single=config.format == "npz" and output.suffix == ".npz")
    target.check_free(overwrite)
    folder = target.fresh()
    seed = source.seed if config.seed is None else config.seed
    batches = _batches(source.drawing(seed), layout, config.counts, seed, progress)
    _list_files(_write(folder, target, config, layout, batches), folder, folder / target.papers.files)
    manifest = Manifest(
        created_by=f"Synthetyk {synthetyk.__version__}",
        model_sha256=source.sha256,
        noise_scale=source.noise_scale,
        seed=seed,
        format=config.format,
        count=layout.count,
        counts={layout.class_name(label): count for label, count in enumerate(config.counts)},
        class_names=layout.class_names,
        image_shape=layout.shape,
        files=target.papers.files,
        files_sha256=sha256_file(folder / target.papers.files),
        met=MetFile.write(source.met, folder / target.papers.met) if source.met else None,
    )
    manifest.save(folder / target.papers.manifest)
    target.finish()
    return manifest


class _Target:
    """Where a set goes: a folder of its own, or one npz with its papers beside it."""

    def __init__(self, output: Path, *, single: bool) -> None:
        self.output, self.single, self.papers = output, single, Papers(output, single=single)
        self._place = output if single else output.resolve()  # "." has no name to put another folder beside

    @property
    def _partial(self) -> Path:
        return self._place.with_name(f".{self._place.name}.partial")

    def check_free(self, overwrite: bool) -> None:
        """Refuse to touch what is not ours, and a folder that cannot be replaced."""
        if not self.single and Path.cwd().is_relative_to(self._place):
            raise RunError(
                f"{self.output} is the folder that you are in, or one that it lies in",
                expected="a folder that can be put in place as a whole",
                action="Choose another output, for example one within it",
            )
        if not self.output.exists() or (self.output.is_dir() and not any(self.output.iterdir())):
            return
        ours = (self.papers.home / self.papers.manifest).is_file()
        if not (overwrite and ours):
            found = f"{self.output} exists" if ours else f"{self.output} exists and is no set that Synthetyk made"
            action = "Choose another output" + (", or overwrite it" if ours else "")
            raise RunError(found, expected="a path where nothing lies", action=action)
        if not self.single:
            self._refuse_strangers()

    def _refuse_strangers(self) -> None:
        """Spare what somebody laid beside the images: the folder is replaced as a whole."""
        if others := strangers(self.output):
            named = [*others[:NAMED], *([f"{len(others) - NAMED:,} more"] if len(others) > NAMED else [])]
            raise RunError(
                f"{self.output} holds files that do not belong to its set: {listed(named)}",
                expected="nothing but the set that is to be overwritten",
                action="Move them elsewhere, or choose another output",
            )

    def fresh(self) -> Path:
        """Return an empty folder beside the output, what a killed attempt left there removed."""
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        return self._partial

    def finish(self) -> None:
        """Move what is complete into place, the manifest last."""
        papers = self.papers
        if self.single:
            (papers.home / papers.met).unlink(missing_ok=True)
            for name in (papers.files, papers.met, self.output.name, papers.manifest):
                if (self._partial / name).exists():
                    (self._partial / name).replace(papers.home / name)
            self._partial.rmdir()
            return
        if self._place.exists():
            shutil.rmtree(self._place)
        self._partial.replace(self._place)


def _layout(source: Source, config: GenerationConfig) -> Layout:
    names = source.class_names
    classes = len(names) or 1
    if len(config.counts) != classes:
        raise ConfigError(f"Counts of {len(config.counts)} classes were given", expected=f"{classes} numbers")
    if min(config.counts) < 0 or not sum(config.counts):
        raise ConfigError(f"The counts are {list(config.counts)}", expected="at least 0 each and at least 1 in all")
    return Layout(sum(config.counts), source.image_shape, names)


def _write(folder: Path, target: _Target, config: GenerationConfig, layout: Layout, batches: Batches) -> Iterator[Path]:
    """Write the set, yielding each file as soon as it is whole."""
    if config.format == "npz":
        return shards.write_npz(folder / (target.output.name if target.single else shards.NPZ_NAME), layout, batches)
    if config.format == "webdataset":
        return shards.write_webdataset(folder, layout, batches, per_shard=config.per_shard)
    return shards.write_png(folder, layout, batches)


def _batches(
    draw: Draw, layout: Layout, counts: Sequence[int], seed: int, progress: Progress
) -> Iterator[tuple[Images, Labels]]:
    """Yield the set piece by piece; within a class the numbers run on, as they are drawn cheapest."""
    labels = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    labels = seeding.generator(seed, "generate/order").permutation(labels)
    size = max(1, len(counts) // 16) * PIECE
    drawn = np.zeros(len(counts), dtype=np.int64)
    for start in range(0, len(labels), size):
        piece = labels[start : start + size]
        images = np.empty((len(piece), *layout.shape), dtype=np.uint8)
        for label in np.unique(piece):
            here = piece == label
            numbers = drawn[label] + np.arange(here.sum())
            images[here] = draw(int(label) if layout.class_names else None, numbers)
            drawn[label] += len(numbers)
        yield images, piece
        progress(start + len(piece), len(labels), "images drawn")


def _list_files(paths: Iterable[Path], folder: Path, listing: Path) -> None:
    """List files as they come: a million of them would fill the memory."""
    with listing.open("w", encoding="utf-8") as file:
        for path in paths:
            line = {"path": path.relative_to(folder).as_posix(), "sha256": sha256_file(path)}
            file.write(json.dumps({**line, "bytes": path.stat().st_size}) + "\n")

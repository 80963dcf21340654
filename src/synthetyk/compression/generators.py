"""Makes a generator smaller and measures each form beside the original."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from synthetyk.compression.drawing import OnnxSampler
from synthetyk.compression.names import ORIGINAL, PRECISION_WORDS, RowName
from synthetyk.compression.onnx_export import export_generator
from synthetyk.compression.precision import Feeds, quantised, with_half_weights
from synthetyk.compression.report import CompressionConfig, GeneratorPart, GeneratorRow, GeneratorRowFile, LeftOut
from synthetyk.compression.rows import Shelf, hashed, versions
from synthetyk.compression.speed import BATCHES
from synthetyk.compression.upsampling import as_convolution
from synthetyk.compression.verdict import gains
from synthetyk.core import seeding
from synthetyk.core.errors import SynthetykError
from synthetyk.core.progress import Progress, silent
from synthetyk.training.generator_file import LoadedGenerator

COMPARED = 32  # images whose pixels are compared with the original's
SHOWN, AT_ONCE = 256, 32  # draws of noise that show the ranges of activations
NO_BENEFIT = "no benefit: neither smaller nor faster"


@dataclass(frozen=True)
class Judge:
    """What says how good a generator's images are; it comes from whoever knows feature networks.

    Attributes:
        name: What the distance is called.
        images: How many images it draws.
        key: SHA-256 of the features of the real ones.
        distance: From the images of a sampler to real ones.
    """

    name: str
    images: int
    key: str
    distance: Callable[[OnnxSampler], float]


def compress_generator(
    generator: LoadedGenerator, judge: Judge, config: CompressionConfig, folder: Path, progress: Progress = silent
) -> GeneratorPart:
    """Make and measure every row; those that `folder` holds already, of the same generator, are kept.

    Args:
        generator: The original.
        judge: Measures the distance of its images to real ones.
        config: What to make.
        folder: Receives ``generator-NAME.onnx`` for each row, and ``rows/``.
        progress: Told after each row.

    Raises:
        MissingDependencyError: A package of the extra ``compress`` is not installed.
    """
    bench = Bench.of(generator, judge, config, folder)
    names = (ORIGINAL, *config.generator_rows)
    rows: list[GeneratorRow] = []
    left_out = []
    for done, name in enumerate(names):
        progress(done, len(names), name)
        if RowName.parse(name).variant != "original":
            left_out.append(LeftOut(name=name, reason="Generators are neither pruned nor distilled"))
            continue
        try:
            rows.append(bench.row(name, rows[0] if rows else None))
        except SynthetykError as error:
            if name == ORIGINAL:
                raise
            left_out.append(LeftOut(name=name, reason=str(error)))
    progress(len(names), len(names))
    return GeneratorPart(distance=judge.name, images=judge.images, rows=tuple(rows), left_out=tuple(left_out))


@dataclass(frozen=True)
class Bench:
    """What all rows of a generator share.

    Attributes:
        generator: The original.
        judge: Measures the distance of its images to real ones.
        config: What to make.
        shelf: Where models lie.
        original: ``generator.onnx`` of the original.
    """

    generator: LoadedGenerator
    judge: Judge
    config: CompressionConfig
    shelf: Shelf
    original: bytes

    @classmethod
    def of(cls, generator: LoadedGenerator, judge: Judge, config: CompressionConfig, folder: Path) -> "Bench":
        """Export the original."""
        original = export_generator(generator)
        words = {"judge": [judge.name, judge.images, judge.key], "seed": config.seed, "seconds": config.seconds}
        key = hashed(words | {"versions": versions()}, original)
        return cls(generator, judge, config, Shelf(folder, "generator", key, config.seconds), original)

    def row(self, name: str, original: GeneratorRow | None) -> GeneratorRow:
        """Return a row, made and measured unless that was done before.

        Raises:
            SynthetykError: It cannot be made of this generator, or cannot be measured.
        """
        if done := self.shelf.kept(GeneratorRowFile, name):
            return done.row
        parts = RowName.parse(name)
        model = self._model(parts)
        made = self.shelf.put(name, PRECISION_WORDS[parts.precision], model, self._feeds(max(BATCHES)))
        sampler = OnnxSampler(model, self.generator.card)
        row = GeneratorRow(
            **made.model_dump(),
            distance=self.judge.distance(sampler),
            difference=self._difference(sampler),
            benefit=(gains(made, original) or NO_BENEFIT) if original else "the original",
        )
        GeneratorRowFile(inputs=self.shelf.key, row=row).save(self.shelf.record(name))
        return row

    def _model(self, name: RowName) -> bytes:
        match name.precision:
            case "fp16" | "bf16" as half:
                return with_half_weights(self.original, half)
            case "int8":
                shown = self._feeds(SHOWN)
                starts = range(0, SHOWN, AT_ONCE)
                parts = [{key: part[start : start + AT_ONCE] for key, part in shown.items()} for start in starts]
                return quantised(export_generator(self.generator, as_convolution), parts)
        return self.original

    def _feeds(self, count: int) -> Feeds:
        """Return noise, and classes in turn."""
        shape = self.generator.card.network
        noise = seeding.normal(self.config.seed, "compress/noise", range(count), shape.latent)
        return {"noise": noise} | ({"labels": np.arange(count) % shape.classes} if shape.classes else {})

    def _difference(self, sampler: OnnxSampler) -> float:
        """Return the mean difference of pixels of the same images, of 255 grey values."""
        plain, label = OnnxSampler(self.original, self.generator.card), 0 if sampler.classes else None
        mine, theirs = (each.sample(label, range(COMPARED)).astype(np.int16) for each in (sampler, plain))
        difference: NDArray[np.int16] = np.abs(mine - theirs)
        return float(difference.mean())

"""Peak resident memory of a set of 5 GB, stage by stage, and of generation at two sizes.

The set has 64x64 phantoms: 999 are drawn, and every image is one of them, moved and made darker by an amount of its
own. Its cache is built, a GAN and a feature network are trained on it for some steps, the GAN is evaluated and audited,
and a study compares two arms. Each part runs in a process of its own, and at most 3,000 MB are allowed, workers counted
with the process that started them. Then a 28x28 generator writes sets of two sizes in each format; the larger may take
50 MB more than the smaller.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.core.memory import MemoryWatch
from synthetyk.data.cache import build_cache, open_cache
from synthetyk.data.dataset import Subset
from synthetyk.data.phantom import LABELS, draw, sample_factors
from synthetyk.data.pixels import depth_rule
from synthetyk.data.shards import Format
from synthetyk.data.source import Item, Problem, RawImage, SourceOptions
from synthetyk.data.splits import SplitTable
from synthetyk.evaluation.evaluate import EvaluationConfig, evaluate
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.generation import GenerationConfig, trained_source, write_set
from synthetyk.evaluation.privacy import PrivacyConfig, audit
from synthetyk.evaluation.study.inputs import SyntheticSet
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.evaluation.study.study import run_study
from synthetyk.evaluation.synthetic_set import open_synthetic
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan_trainer import GANConfig, GANTrainer
from synthetyk.training.generator_file import load_generator

SIZE, SIDE, DRAWN = 5e9, 64, 999
HELD_OUT = 50  # one image in so many goes to validation, and one to test: a network looks at all of these
SHORT = ClassifierConfig(steps=20, evaluate_every=20, threads=1)
STUDIED = StudyConfig(arms=("real", "real+synthetic"), seeds=2, resamples=100, workers=2, classifier=SHORT)
LIMIT_MB, GROWTH_MB = 3000, 50
FEW, MANY = 10_000, {"npz": 1_000_000, "webdataset": 100_000, "png": 100_000}


def main(options: Options) -> list[str]:
    options.work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=options.work, prefix="memory-") as name:
        folder, size = Path(name), SIZE * options.scale
        rows = [_measured("cache", LIMIT_MB, build, folder, size)]
        rows += [_measured(part.__name__, LIMIT_MB, part, folder) for part in STAGES]
        _measured("28x28 generator", LIMIT_MB, train_small, folder)
        for format_, many in MANY.items():
            few = _measured(f"{FEW:,} as {format_}", LIMIT_MB, draw_set, folder, FEW, format_)
            count = max(FEW, round(many * options.scale))
            more = _measured(f"{count:,} as {format_}", few["peak_mb"] + GROWTH_MB, draw_set, folder, count, format_)
            rows += [few, more]
    write("memory", rows, folder=options.results, about=__doc__, gigabytes=size / 1e9, scale=options.scale)
    return [f"memory: {row['part']}" for row in rows if row["peak_mb"] > row["allowed_mb"]]


def _measured(part: str, allowed_mb: int, call: Callable[..., None], *arguments: Any) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
        seconds, peak_mb = fresh.submit(_watched, call, arguments).result()
    print(f"{part}: {seconds} s, {peak_mb} MB", flush=True)
    return {"part": part, "seconds": seconds, "peak_mb": peak_mb, "allowed_mb": allowed_mb}


def _watched(call: Callable[..., None], arguments: Sequence[Any]) -> tuple[float, int]:
    began = monotonic()
    with MemoryWatch() as memory:
        call(*arguments)
    return round(monotonic() - began, 1), memory.peak_mb


class Phantoms:
    """What `build_cache` asks of a source: every image is one of a few, changed in a way of its own."""

    def __init__(self, table: SplitTable) -> None:
        self.table = table
        self.drawn = [draw(sample_factors(0, n, LABELS[n % len(LABELS)]), SIDE)[0] for n in range(DRAWN)]

    @classmethod
    def recognises(cls, _location: str) -> bool:
        return False

    @classmethod
    def open(cls, _location: str, _options: SourceOptions) -> Self:
        raise NotImplementedError

    def problems(self) -> list[Problem]:
        return []

    def content_hash(self) -> str:
        return ""

    def items(self) -> list[Item]:
        return [Item(str(key)) for key in self.table.keys]

    def read(self, item: Item) -> RawImage:
        number = int(item.key)
        shade, place = number // len(self.drawn) % 64, number // len(self.drawn) // 64
        image = self.drawn[number % len(self.drawn)]
        return RawImage(np.roll(image // 2 + np.uint8(shade), place, axis=1), 8, "phantom")


def build(folder: Path, size: float) -> None:
    numbers = np.arange(round(size / SIDE**2))
    splits = np.where(numbers % HELD_OUT == 0, "val", np.where(numbers % HELD_OUT == 1, "test", "train"))
    labels = np.array(LABELS)[numbers % len(LABELS)]
    table = SplitTable(np.char.zfill(numbers.astype(np.str_), 9), labels, np.full(len(numbers), ""), splits)
    build_cache(Phantoms(table), table, depth_rule(255, 8), folder / "cache", size=(SIDE, SIDE), channels=1)


def train(folder: Path) -> None:
    network = {"resolution": SIDE, "channels": 1, "classes": len(LABELS)}
    _train(open_cache(folder / "cache").train, network, 1.0, folder / "gan")


def features(folder: Path) -> None:
    dataset = open_cache(folder / "cache")
    LearnedExtractor.fit(dataset.train, dataset.val, SHORT, folder / "features")


def judge(folder: Path) -> None:
    extractor = LearnedExtractor.open(folder / "features")
    evaluate(open_cache(folder / "cache"), _generator(folder / "gan").sampler(), [extractor], EvaluationConfig())


def privacy(folder: Path) -> None:
    images = _generator(folder / "gan").sampler().sample(0, range(2000))
    audit(open_cache(folder / "cache"), images, LearnedExtractor.open(folder / "features"), PrivacyConfig())


def study(folder: Path) -> None:
    config = GenerationConfig(counts=(5000,) * len(LABELS), format="npz")
    write_set(trained_source(_generator(folder / "gan")), config, folder / "synthetic")
    images = SyntheticSet(*open_synthetic(folder / "synthetic"))
    run_study(open_cache(folder / "cache"), [images], STUDIED, folder / "study")


STAGES = (train, features, judge, privacy, study)


def train_small(folder: Path) -> None:
    images: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (128, 1, 28, 28), dtype=np.uint8)
    rows = np.arange(len(images))
    data = Subset(images, rows, rows % 2, rows, ("one", "other"))
    _train(data, {"resolution": 28, "channels": 1, "classes": 2}, 0.1, folder / "small")


def draw_set(folder: Path, count: int, format_: Format) -> None:
    config = GenerationConfig(counts=(count // 2, count - count // 2), format=format_)
    with TemporaryDirectory(dir=folder) as name:
        write_set(trained_source(_generator(folder / "small")), config, Path(name) / "set")


def _train(data: Subset, network: dict[str, int], kimg: float, folder: Path) -> None:
    config = GANConfig.parse({"network": network, "batch_size": 64, "kimg": kimg})
    GANTrainer(config, data, folder, JsonlTracker(folder / "metrics.jsonl")).fit()


def _generator(folder: Path) -> Any:
    return load_generator(folder / "generator.safetensors")


if __name__ == "__main__":
    main(Options())

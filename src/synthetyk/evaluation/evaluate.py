"""How good synthetic images are: by feature network, overall and per class, every figure beside its floor."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.config import Config
from synthetyk.core.errors import MetricError
from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Dataset, Subset
from synthetyk.evaluation.described import PIECE, Described, described, described_subset, some, unmet
from synthetyk.evaluation.detail import detail, detail_subset
from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.evaluation.scores import ScoreConfig, Scores, score, unscored
from synthetyk.evaluation.sharpness import Sharpness, sharpness
from synthetyk.metrics.extractor import FeatureExtractor

NOTE = (
    "Every figure compares as many synthetic images with as many random training images; its floor compares two random "
    "halves of the training images at that count. The test split was not looked at."
)


class EvaluationConfig(Config):
    """How much is measured.

    Attributes:
        cap: Most images on each side of the overall figures; half the training split if that is less.
        class_cap: Most images on each side of one class's figures.
        reference_cap: Most training images that are described and searched for neighbours.
        scores: How a set is scored.
    """

    cap: int = Field(default=2000, ge=1)
    class_cap: int = Field(default=500, ge=1)
    reference_cap: int = Field(default=10_000, ge=2)
    scores: ScoreConfig = ScoreConfig()


class ExtractorScores(Config):
    """What one feature network says.

    Attributes:
        extractor: Its name.
        dimension: Features per image.
        overall: All classes, in the training split's proportions.
        classes: Each class by itself; empty for a generator without classes.
    """

    extractor: str
    dimension: int
    overall: Scores
    classes: tuple[Scores, ...] = ()


class Evaluation(Artifact):
    """``evaluation.json``.

    Attributes:
        config: How much was measured.
        train: Training images in all.
        reference: Training images that were described.
        held_out: Validation images that were described: those without a copy or their patient in training.
        results: One entry for each feature network, in the order given.
        sharpness: Whether the images are as sharp as real ones; None in files of before it was measured.
        note: What the figures are.
    """

    schema_name: ClassVar[str] = "evaluation"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    config: EvaluationConfig
    train: int
    reference: int
    held_out: int
    results: tuple[ExtractorScores, ...]
    sharpness: Sharpness | None = None
    note: str = NOTE


def evaluate(
    dataset: Dataset,
    sampler: ImageSampler,
    extractors: Sequence[FeatureExtractor],
    config: EvaluationConfig,
    *,
    progress: Progress = silent,
) -> Evaluation:
    """Judge a generator against the training split; held-out images are those of the validation split.

    Args:
        dataset: The data that the generator was trained on.
        sampler: Draws synthetic images; its first ones of each class are judged.
        extractors: Feature networks.
        config: How much to measure.
        progress: Told after each piece of work.

    Raises:
        MetricError: The generator's classes are not those of the data set, or there are no training images.
    """
    _check(dataset, sampler)
    seed = config.scores.seed
    real = some(dataset.train, config.reference_cap, seed, "evaluate/reference")
    held_out = unmet(some(dataset.val, config.cap, seed, "evaluate/held_out"), dataset.train)
    comparison = _Comparison(real, held_out, sampler, config)
    done, total = count(1), 1 + len(extractors) * comparison.pieces

    def tick(message: str) -> None:
        progress(next(done), total, message)

    results = tuple(comparison.by(extractor, tick) for extractor in extractors)
    sharp = comparison.sharpness()
    tick("detail compared")
    return Evaluation(
        config=config,
        train=len(dataset.train),
        reference=len(real),
        held_out=len(held_out),
        results=results,
        sharpness=sharp,
    )


class _Comparison:
    """The images on all sides, described by one feature network after the other."""

    def __init__(self, real: Subset, held_out: Subset, sampler: ImageSampler, config: EvaluationConfig) -> None:
        self.real, self.held_out, self.sampler, self.config = real, held_out, sampler, config
        self.labels: tuple[int | None, ...] = tuple(range(sampler.classes)) or (None,)
        sizes = np.array([self._size(label) for label in self.labels], dtype=np.int64)
        self.shares = proportional(sizes, min(config.cap, len(real) // 2))
        self.counts = np.minimum(config.class_cap, sizes // 2) if sampler.classes else self.shares

    @property
    def pieces(self) -> int:
        """How often `by` reports."""
        return 3 + (len(self.labels) if len(self.labels) > 1 else 0)

    def by(self, extractor: FeatureExtractor, tick: Callable[[str], None]) -> ExtractorScores:
        """Describe everything with one feature network and score it."""
        name, config = extractor.name, self.config.scores
        real, held_out = (described_subset(extractor, side) for side in (self.real, self.held_out))
        tick(f"{name}: real images described")
        needed = np.maximum(self.shares, self.counts).tolist()
        synthetic = [self._drawn(extractor, label, count) for label, count in zip(self.labels, needed, strict=True)]
        tick(f"{name}: synthetic images described")
        together = Described.join([part.take(slice(n)) for part, n in zip(synthetic, self.shares, strict=True)])
        overall = score("overall", name, real, together, held_out, config=config)
        tick(f"{name}: scored overall")
        classes = []
        for label, class_name in enumerate(self.real.class_names if len(self.labels) > 1 else ()):
            classes.append(self._class(label, name, real, synthetic[label], held_out))
            tick(f"{name}: scored {class_name}")
        return ExtractorScores(extractor=name, dimension=extractor.dimension, overall=overall, classes=tuple(classes))

    def sharpness(self) -> Sharpness:
        """Compare the detail of the images behind the overall figures."""
        shares = zip(self.labels, self.shares.tolist(), strict=True)
        parts = [detail(images) for label, share in shares for images in self._images(label, share)]
        return sharpness(detail_subset(self.real), np.concatenate(parts), self.real.shape[0], self.config.scores)

    def _drawn(self, extractor: FeatureExtractor, label: int | None, images: int) -> Described:
        """Describe the first images of a class."""
        return Described.join([described(extractor, piece) for piece in self._images(label, images)])

    def _images(self, label: int | None, images: int) -> Iterator[NDArray[np.uint8]]:
        """Draw the first images of a class piece by piece; each time anew, which costs less than to keep them."""
        yield np.empty((0, *self.real.shape), dtype=np.uint8)
        for start in range(0, images, PIECE):
            yield self.sampler.sample(label, np.arange(start, min(start + PIECE, images)))

    def _class(self, label: int, features: str, real: Described, synthetic: Described, held_out: Described) -> Scores:
        name, images = self.real.class_names[label], int(self.counts[label])
        if images == 0:
            return unscored(name, features, 0, f"only {self._size(label)} training images of this class")
        members, others = real.take(self.real.labels == label), held_out.take(self.held_out.labels == label)
        return score(name, features, members, synthetic.take(slice(images)), others, config=self.config.scores)

    def _size(self, label: int | None) -> int:
        return len(self.real) if label is None else int((self.real.labels == label).sum())


def _check(dataset: Dataset, sampler: ImageSampler) -> None:
    if len(dataset.train) < 2:
        raise MetricError(f"Found {len(dataset.train)} training images", expected="at least 2")
    if sampler.classes not in (0, len(dataset.class_names)):
        raise MetricError(
            f"The generator has {sampler.classes} classes", expected=f"{len(dataset.class_names)}, as the data set has"
        )

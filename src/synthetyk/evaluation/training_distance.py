"""How far generated images are from those that their generator was trained on."""

from functools import cached_property

import numpy as np

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import Described, described, described_subset, some
from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.frechet import frechet_distance

GENERATED = 1000  # images drawn
FIRST = 1_000_000  # the number of the first: none of those that the evaluation will judge
REAL = 5000  # training images at most


class TrainingDistance:
    """The Fréchet distance in features; the same sampler, data and seed give the same number.

    It compares variants of one generator that differ in how varied their images are. It does not tell whether images
    are copies, for which it would be low.

    Args:
        train: What the generator was trained on.
        extractor: What describes images.
        seed: The run's seed.
    """

    def __init__(self, train: Subset, extractor: FeatureExtractor, seed: int) -> None:
        self.train, self.extractor, self.seed = train, extractor, seed
        self.counts = proportional(train.counts, GENERATED) if train.counts.any() else np.array([], dtype=np.int64)

    @cached_property
    def real(self) -> Rows:
        """Features of training images; described when they are first asked for, at the end of a training."""
        return described_subset(self.extractor, some(self.train, REAL, self.seed, "distance/training")).features

    def __call__(self, sampler: ImageSampler) -> float:
        """Return the distance of `GENERATED` images, of each class as many as its share of the training images."""
        shares: dict[int | None, int] = dict(enumerate(self.counts.tolist())) if sampler.classes else {None: GENERATED}
        drawn = [
            described(self.extractor, sampler.sample(label, range(FIRST, FIRST + count)))
            for label, count in shares.items()
            if count
        ]
        return float(frechet_distance(self.real, Described.join(drawn).features))

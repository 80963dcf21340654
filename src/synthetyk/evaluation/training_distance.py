"""How far generated images are from those that their generator was trained on."""

from functools import cached_property

import numpy as np

from synthetyk.data.dataset import Subset
from synthetyk.evaluation.appearance import Appearance, CommonScale
from synthetyk.evaluation.described import some
from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.metrics.checks import Floats
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.frechet import frechet_distance

GENERATED = 1000  # images drawn
FIRST = 1_000_000  # the number of the first: none of those that the evaluation will judge
REAL = 5000  # training images at most


class TrainingDistance:
    """The Fréchet distance on `CommonScale`; the same sampler, data and seed give the same number.

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
    def real(self) -> tuple[CommonScale, Floats]:
        """Training images and the scale they are on; looked at when first asked for, at the end of a training."""
        images = some(self.train, REAL, self.seed, "distance/training")
        seen = Appearance.of_subset(self.extractor, images)
        scale = CommonScale(seen, self.seed)
        return scale, scale(seen)

    def __call__(self, sampler: ImageSampler) -> float:
        """Return the distance of `GENERATED` images, of each class as many as its share of the training images."""
        scale, real = self.real
        shares: dict[int | None, int] = dict(enumerate(self.counts.tolist())) if sampler.classes else {None: GENERATED}
        drawn = [
            scale(Appearance.of(self.extractor, sampler.sample(label, range(FIRST, FIRST + count))))
            for label, count in shares.items()
            if count
        ]
        return float(frechet_distance(real, np.concatenate(drawn)))

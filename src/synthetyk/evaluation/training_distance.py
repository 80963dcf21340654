"""How far generated images are from those that their generator was trained on."""

import math
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
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
PARTS = 10  # of the training images, left out one after the other


class TrainingDistance:
    """The Fréchet distance on `CommonScale` with its error; the same sampler, data and seed give the same numbers.

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
    def real(self) -> tuple[CommonScale, Floats, NDArray[np.int64]]:
        """The scale, training images on it, and their patients; looked at when first asked for, after a training."""
        images = some(self.train, REAL, self.seed, "distance/training")
        seen = Appearance.of_subset(self.extractor, images)
        scale = CommonScale(seen, self.seed)
        return scale, scale(seen), images.groups

    def __call__(self, sampler: ImageSampler) -> tuple[float, float]:
        """Return the distance of `GENERATED` images, of each class as many as its share of the training images.

        Its standard error says how far other training images would have moved it: a jackknife over tenths of the
        patients (Efron and Tibshirani, "An introduction to the bootstrap", 1993, equation 11.5);
        0 if there is only one.
        """
        scale, real, groups = self.real
        shares: dict[int | None, int] = dict(enumerate(self.counts.tolist())) if sampler.classes else {None: GENERATED}
        drawn = [
            scale(Appearance.of(self.extractor, sampler.sample(label, range(FIRST, FIRST + count))))
            for label, count in shares.items()
            if count
        ]
        rows = np.concatenate(drawn)
        without = [float(frechet_distance(real[part], rows)) for part in self._all_but_one_part(groups)]
        error = math.sqrt((len(without) - 1) * float(np.var(without))) if without else 0.0
        return float(frechet_distance(real, rows)), error

    def _all_but_one_part(self, groups: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
        """Choose all training images but one part, for each; parts hold whole patients, and of one there are none."""
        patients, owner = np.unique(groups, return_inverse=True)
        parts = min(PARTS, len(patients))
        part = seeding.generator(self.seed, "distance/parts").permutation(len(patients)) % parts
        return [part[owner] != left_out for left_out in range(parts)] if parts > 1 else []

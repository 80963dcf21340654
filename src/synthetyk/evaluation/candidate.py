"""What a training measures on its own generator: distance to validation, use to a classifier, nearness to training.

Cheap enough to be called at every look at a training: everything about real images is computed once, and a call takes
one to two CPU seconds, most of them for the classifiers. Pure functions first, then what remembers the real images.
"""

import hashlib
from statistics import fmean
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetyk.core import seeding
from synthetyk.core.config import Config
from synthetyk.core.errors import DivergedError
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.appearance import Appearance, CommonScale
from synthetyk.evaluation.class_distance import class_kernel_distance, mixture
from synthetyk.evaluation.described import each, some, unmet
from synthetyk.evaluation.nearness import Nearness
from synthetyk.evaluation.sampling import ImageSampler
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.labelled_images import ArrayImages

SPACES = "features", "pixels"  # in which copies are near to what they are copies of


class CandidateConfig(Config):
    """How much a candidate is looked at.

    Attributes:
        generated: Images drawn of a candidate, the same number of every class.
        real_cap: Most validation images that they are compared with.
        reference_cap: Most training images that are searched for neighbours; exact copies are sought among all.
        minimum: Validation images below which training images stand in for them.
        resamples: Bootstrap resamples behind the kernel distance's error.
        classifiers: Classifiers trained on the images, whose AUC is averaged: one alone is a matter of luck.
        classifier_width: Channels of EdgeNet's first block.
        classifier_steps: Steps of each.
        classifier_batch_size: Images per step.
        threads: CPU threads; take the GAN's, since a training leaves torch with as many as it was given.
        seed: The run's seed.
    """

    generated: int = Field(default=512, ge=8)
    real_cap: int = Field(default=1000, ge=2)
    reference_cap: int = Field(default=5000, ge=1)
    minimum: int = Field(default=20, ge=2)
    resamples: int = Field(default=100, ge=20)
    classifiers: int = Field(default=2, ge=1)
    classifier_width: int = Field(default=8, ge=8)
    classifier_steps: int = Field(default=80, ge=1)
    classifier_batch_size: int = Field(default=32, ge=2)
    threads: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)


def auc_error(auc: float, counts: NDArray[np.int64]) -> float:
    """Return the standard error of an AUC, of more than two classes the mean of every class against the rest.

    Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 1982, equations 1 and 2. For more
    than two classes it is the mean of their errors, as if they were wrong together: rather too large than too small.

    Args:
        auc: From 0 to 1.
        counts: ``(K,)``, images of each class, none 0.
    """
    both, one = auc / (2 - auc) - auc**2, 2 * auc**2 / (1 + auc) - auc**2
    positive = counts[1:] if len(counts) == 2 else counts
    negative = counts.sum() - positive
    variances = (auc * (1 - auc) + (positive - 1) * both + (negative - 1) * one) / (positive * negative)
    return float(np.sqrt(np.maximum(variances, 0)).mean())


class CandidateScorer:
    """Scores a generator while it trains; the same sampler, data and settings give the same numbers.

    Real images are those of validation that have neither a copy nor their patient in training. Where there are fewer
    than `minimum`, their distances would be noise, and training images stand in for all they were needed for: a
    distance to them rewards copying, which the ratios and the copies beside it then show. What real images of other
    patients keep as their distance to training is then told by the training images themselves, each without its own
    patient (on PneumoniaMNIST, head CTs and chest X-rays that median differs from validation's by at most 6%).

    Args:
        train: What the generator is trained on.
        val: The validation split.
        extractor: What describes images.
        config: How much is looked at.

    Attributes:
        measured_on: ``validation``, or ``training`` where that is too small.
    """

    def __init__(self, train: Subset, val: Subset, extractor: FeatureExtractor, config: CandidateConfig) -> None:
        self.extractor, self.config = extractor, config
        held_out = unmet(some(val, config.real_cap, config.seed, "candidate/validation"), train)
        enough = len(held_out) >= config.minimum
        self.measured_on: Literal["validation", "training"] = "validation" if enough else "training"
        self.real = held_out if enough else some(train, config.real_cap, config.seed, "candidate/training")
        reference = some(train, config.reference_cap, config.seed, "candidate/reference")
        ours, real = (Appearance.of_subset(extractor, subset) for subset in (reference, self.real))
        self.spaces = {
            name: Nearness(getattr(ours, name), reference.groups, getattr(real, name), self.real.groups)
            for name in SPACES
        }
        self.scale = CommonScale(ours, config.seed)
        self.real_rows = self.scale(real)
        self.known = {_digest(image) for image in each(train)}

    @property
    def note(self) -> str:
        """What a reader of the numbers has to know, in words; usually nothing."""
        if self.measured_on == "validation":
            return ""
        return (
            f"Fewer than {self.config.minimum} validation images have neither a copy nor their patient in training, so "
            "training images stood in for them when generators were compared"
        )

    def __call__(self, sampler: ImageSampler) -> dict[str, float]:
        """Score what a sampler draws.

        Returns:
            ``val_kd``: kernel distance between real and generated images, class by class, in features, pixels and
            detail on one scale, see `evaluation.appearance`.
            ``val_kd_error``: its standard error.
            ``val_auc``: AUC on real images of classifiers trained on generated ones alone, mean over them; absent for a
            generator without classes, or where a class has no real image.
            ``val_auc_error``: its standard error over real images, see `auc_error`.
            ``nn_ratio_pixels``, ``nn_ratio_features``: median distance to the nearest training image, generated over
            real; absent where every real image is a copy of a training image.
            ``exact_copies``: how many of the `generated` images have the bytes of a training image.
            ``near_copies``: how many others lie, in pixels, within half of the 5th percentile of the real images'
            distances to training images (`metrics.copies`).
        """
        classes = max(sampler.classes, 1)
        labels = np.repeat(np.arange(classes), max(2, self.config.generated // classes))
        images = self._draw(sampler, labels)
        real_labels = self.real.labels if sampler.classes else np.zeros(len(self.real), dtype=np.int64)
        counts = np.bincount(real_labels[real_labels >= 0], minlength=classes)
        mixed = mixture(labels, counts)
        seen = Appearance.of(self.extractor, images)
        distance, error = class_kernel_distance(
            (self.real_rows, real_labels),
            (self.scale(seen), labels),
            mixed,
            resamples=self.config.resamples,
            seed=self.config.seed,
        )
        return {
            "val_kd": distance,
            "val_kd_error": error,
            **(self._auc(images, labels) if classes > 1 and counts.all() else {}),
            **self._nearness(images, seen, mixed),
        }

    def _draw(self, sampler: ImageSampler, labels: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the first images of every class, in the order of `labels`."""
        counts = np.bincount(labels).tolist()
        asked = list(range(sampler.classes)) if sampler.classes else [None]
        return np.concatenate([sampler.sample(label, range(n)) for label, n in zip(asked, counts, strict=True)])

    def _nearness(self, images: NDArray[np.uint8], seen: Appearance, mixed: NDArray[np.bool_]) -> dict[str, float]:
        distances = {name: space.distances(getattr(seen, name)) for name, space in self.spaces.items()}
        exact = np.array([_digest(image) in self.known for image in images])
        ratios = {
            f"nn_ratio_{name}": float(np.median(distances[name][mixed])) / space.innocent
            for name, space in self.spaces.items()
            if space.innocent > 0
        }
        near = (distances["pixels"] <= self.spaces["pixels"].near) & ~exact
        return {**ratios, "exact_copies": float(exact.sum()), "near_copies": float(near.sum())}

    def _auc(self, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> dict[str, float]:
        """Return what classifiers trained on generated images say of real ones; nothing if one diverged."""
        judged = self.real.select(self.real.labels >= 0)
        drawn = ArrayImages(images, labels, self.real.class_names)
        try:
            points = [
                ClassifierTrainer(self._classifier(number), drawn, judged).fit().curve[-1]
                for number in range(self.config.classifiers)
            ]
        except DivergedError:
            return {}
        auc = fmean(point.auc for point in points if point.auc is not None)
        return {"val_auc": auc, "val_auc_error": auc_error(auc, judged.counts)}

    def _classifier(self, number: int) -> ClassifierConfig:
        steps = self.config.classifier_steps
        return ClassifierConfig(
            width=self.config.classifier_width,
            steps=steps,
            batch_size=self.config.classifier_batch_size,
            evaluate_every=steps,
            seed=seeding.derive(self.config.seed, f"candidate/classifier/{number}"),
            threads=self.config.threads,
        )


def _digest(image: NDArray[np.uint8]) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()

"""The arms of a study: what each classifier is trained on, everything else being equal."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.labelled_images import Chosen, Concatenated, LabelledImages

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Arm:
    """One way to train the classifier.

    Attributes:
        name: What it is called in files, tables and settings.
        description: What it is, in words.
        real: Whether the real training images are among its images.
        adds: What is put beside them.
        balance: How class imbalance is met, see `ClassifierConfig`.
        augment: How images are changed in training, see `ClassifierConfig`.
        in_turn: Whether what is added fills the first half of the steps, and the real images alone the second.
        optional: Whether only studies with the time for it have it.
    """

    name: str
    description: str
    real: bool = True
    adds: Literal["nothing", "duplicates", "synthetic"] = "nothing"
    balance: Literal["none", "oversample"] = "none"
    augment: Literal["none", "classical"] = "none"
    in_turn: bool = False
    optional: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether synthetic images are among its images."""
        return self.adds == "synthetic"

    def settings(self, base: ClassifierConfig, seed: int) -> ClassifierConfig:
        """Return the settings of one of its classifiers; only balance, augmentation and seed are the arm's own."""
        return base.replace(balance=self.balance, augment=self.augment, seed=seed)

    def training_set(
        self, real: LabelledImages, synthetic: LabelledImages, seed: int, *, minimum_added: float
    ) -> LabelledImages:
        """Return the images that one of its classifiers is trained on, in the end if two sets take turns.

        Args:
            real: The real training images.
            synthetic: Images of one GAN.
            seed: Which of the synthetic images, or which duplicates.
            minimum_added: See `added_counts`.
        """
        if not self.real:
            return synthetic
        if self.adds == "nothing" or self.in_turn:
            return real
        available = np.bincount(synthetic.labels, minlength=len(real.class_names))
        wanted = np.minimum(added_counts(class_counts(real), minimum_added), available)
        source = synthetic if self.synthetic else real
        return Concatenated([real, Chosen(source, pick(source.labels, wanted, seed))])


ARMS = (
    Arm("real", "real images as they are"),
    Arm("real+weights", "real images, every class drawn equally often", balance="oversample"),
    Arm(
        "real+augmentation",
        "real images, every class drawn equally often, each changed a little at every draw",
        balance="oversample",
        augment="classical",
    ),
    Arm(
        "real+duplicates",
        "control: real images and as many copies of them as other arms get synthetic images",
        adds="duplicates",
    ),
    Arm("real+synthetic", "real and synthetic images", adds="synthetic"),
    Arm(
        "real+synthetic+augmentation",
        "real and synthetic images, each changed a little at every draw",
        adds="synthetic",
        augment="classical",
    ),
    Arm(
        "synthetic-then-real",
        "half of the steps on synthetic images, half on real ones; every class drawn equally often, each image changed "
        "a little at every draw",
        adds="synthetic",
        balance="oversample",
        augment="classical",
        in_turn=True,
        optional=True,
    ),
    Arm("synthetic", "synthetic images only, tested on real ones", real=False, adds="synthetic"),
)
NAMES = tuple(arm.name for arm in ARMS if not arm.optional)
BY_NAME = {arm.name: arm for arm in ARMS}


def class_counts(images: LabelledImages) -> Counts:
    """Return the images per class, int64 ``(K,)``."""
    return np.bincount(images.labels, minlength=len(images.class_names)).astype(np.int64)


def added_counts(counts: Counts, minimum_added: float) -> Counts:
    """Return how many images per class to add: first what balances the classes, then equally many to each.

    Args:
        counts: Real training images per class, int64 ``(K,)``.
        minimum_added: Images to add at least, as a part of all the real ones.
    """
    lacking: Counts = counts.max() - counts
    still = max(0.0, minimum_added * float(counts.sum()) - float(lacking.sum()))
    return lacking + math.ceil(still / len(counts))


def pick(labels: NDArray[np.int64], wanted: Counts, seed: int) -> NDArray[np.int64]:
    """Return positions of `wanted` images per class, chosen at random; none twice before each was taken once."""
    random = seeding.generator(seed, "study/pick")
    chosen = []
    for label, count in enumerate(wanted):
        members = np.flatnonzero(labels == label)
        if len(members):
            chosen.append(np.resize(random.permutation(members), count))
    return np.concatenate(chosen).astype(np.int64)

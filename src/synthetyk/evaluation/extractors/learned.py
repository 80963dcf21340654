"""Features of a network that Synthetyk trains itself on the training split: the default, since it needs no download."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.artifacts import Artifact
from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.extractors.network import require
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.labelled_images import LabelledImages

Task = Literal["classes", "rotation"]

ABOUT_FILE = "extractor.json"
# Enough to tell noise, blur and collapse from real images; 9 s at 28 px, 16 to 33 s at 64 px, on one thread.
DEFAULT = ClassifierConfig(steps=300, evaluate_every=100)


class LearnedAbout(Artifact):
    """What the network was trained for.

    Attributes:
        task: What it tells apart: the data set's classes, or by how much an image was turned.
    """

    schema_name: ClassVar[str] = "learned_extractor"

    task: Task


class LearnedExtractor:
    """Pooled features of a small EdgeNet, trained on the training split and chosen on validation.

    With labels it learns the classes. Without, it learns by how many quarter turns an image was rotated (Gidaris et
    al., "Unsupervised representation learning by predicting image rotations", ICLR 2018), and has no probabilities.

    Args:
        classifier: The trained network.
        task: What it was trained to tell apart.
    """

    name = "learned"

    def __init__(self, classifier: TrainedClassifier, task: Task) -> None:
        self.classifier, self.task = classifier, task
        self.dimension = classifier.dimension

    @classmethod
    def fit(
        cls, train: Subset, val: Subset, config: ClassifierConfig, folder: Path, *, progress: Progress = silent
    ) -> Self:
        """Train on the training split and save to `folder`.

        Args:
            train: The training split.
            val: The validation split, which chooses the weights.
            config: Settings of the training.
            folder: Receives the network.
            progress: Told every evaluated step.

        Raises:
            TrainingError: There are no training or no validation images.
        """
        task: Task = "classes" if _tells_classes(train) and _tells_classes(val) else "rotation"
        sides: list[LabelledImages] = [Turned(side) if task == "rotation" else side for side in (train, val)]
        extractor = cls(ClassifierTrainer(config, *sides, progress=progress).fit(), task)
        extractor.save(folder)
        return extractor

    def save(self, folder: Path) -> None:
        """Write the network to `folder`."""
        self.classifier.save(folder)
        LearnedAbout(task=self.task).save(folder / ABOUT_FILE)

    @classmethod
    def open(cls, location: Path | None) -> Self:
        """Open from the folder that `fit` wrote.

        Raises:
            MissingDependencyError: There is no such folder.
            ArtifactError: It does not hold such a network.
        """
        folder = require(location, "a learned feature network", "LearnedExtractor.fit trains one on the training split")
        return cls(TrainedClassifier.load(folder), LearnedAbout.load(folder / ABOUT_FILE).task)

    def describe(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return features and probabilities of uint8 images ``(N, C, H, W)`` in one pass."""
        features, probabilities = self.classifier.describe(images)
        return features, probabilities if self.task == "classes" else None

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map uint8 images ``(N, C, H, W)`` to features ``(N, dimension)``."""
        return self.describe(images)[0]

    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Map uint8 images ``(N, C, H, W)`` to class probabilities ``(N, K)``, or None if it learned no classes."""
        return self.describe(images)[1]


@dataclass(frozen=True)
class Turned:
    """Every image of a set once for each rotation, labelled with it; four quarter turns, two half turns if not square.

    Attributes:
        upright: The images as they are.
    """

    upright: Subset

    @property
    def turns(self) -> tuple[int, ...]:
        """Quarter turns of each label."""
        _, height, width = self.shape
        return (0, 1, 2, 3) if height == width else (0, 2)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one image."""
        return self.upright.shape

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per label."""
        return tuple(f"{90 * turn} degrees" for turn in self.turns)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Label of each image, int64 ``(n,)``."""
        return np.tile(np.arange(len(self.turns), dtype=np.int64), len(self.upright))

    def __len__(self) -> int:
        return len(self.turns) * len(self.upright)

    def batch(self, positions: NDArray[np.int64], /) -> NDArray[np.uint8]:
        """Return the turned uint8 images ``(m, C, H, W)`` at some positions."""
        which, labels = np.divmod(positions, len(self.turns))
        images = self.upright.batch(which)
        for label, turn in enumerate(self.turns):
            here = labels == label
            images[here] = np.rot90(images[here], turn, axes=(2, 3))
        return images


def _tells_classes(side: Subset) -> bool:
    return len(side) > 0 and bool((side.labels >= 0).all()) and len(np.unique(side.labels)) > 1

"""The networks that a classifier is turned into: pruned, narrower, or distilled into EdgeNet."""

import copy
from dataclasses import dataclass, replace

from synthetyk.compression.channels import groups_of, with_fewer_channels
from synthetyk.compression.distillation import Student
from synthetyk.compression.names import EFFORTS, TRAINED, Variant
from synthetyk.compression.quality import Splits
from synthetyk.compression.report import CompressionConfig
from synthetyk.compression.sparsity import apply_masks, magnitude_masks
from synthetyk.core import seeding
from synthetyk.core.errors import NotApplicableError
from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier

LOOKS = 8  # at validation, while a variant is trained
NARROWEST = 8


@dataclass(frozen=True)
class Workshop:
    """Makes variants of one classifier.

    Attributes:
        classifier: The original.
        splits: Training images teach, validation images choose.
        config: How much is pruned, and how long is trained.
    """

    classifier: TrainedClassifier
    splits: Splits
    config: CompressionConfig

    def about(self, variant: Variant) -> str:
        """Say what a variant is."""
        config = self.config
        words = {
            "original": "as trained",
            "magnitude": f"the smallest {config.sparsity:.0%} of the weights set to 0",
            "channels": f"{config.kept_channels:.0%} of the channels kept, fine-tuned",
            "distilled": f"distilled into EdgeNet of width {config.student_width}",
            "narrow": f"distilled into EdgeNet of width {self.narrow_width}",
        }
        return words[variant]

    @property
    def narrow_width(self) -> int:
        """Width of the narrower student: half of the original's if that is an EdgeNet, else of the usual student's."""
        mine = self.classifier.config
        return max(NARROWEST, (mine.width if mine.encoder == "edgenet" else self.config.student_width) // 2)

    def make(self, variant: Variant) -> TrainedClassifier:
        """Return a variant, trained where it has to be.

        Raises:
            NotApplicableError: It cannot be made of this classifier; the message says why.
            TrainingError: Its training failed.
        """
        if variant in TRAINED and not self.config.steps:
            raise NotApplicableError("It has to be trained, and no training steps are planned for it")
        match variant:
            case "magnitude":
                return self._sparse()
            case "channels":
                groups_of(self.classifier.network)
                return self._tuned(with_fewer_channels(self.classifier.network, self.config.kept_channels), variant)
            case "distilled" | "narrow":
                return self._student(variant)
        return self.classifier

    def _sparse(self) -> TrainedClassifier:
        network = copy.deepcopy(self.classifier.network)
        masks = magnitude_masks(network, self.config.sparsity)
        apply_masks(network, masks)
        if not self.config.steps:
            return replace(self.classifier, network=network)
        config = self._tuning("magnitude")
        student = Student(config, self.splits.train, self.splits.val, self.classifier, network=network, masks=masks)
        return student.fit()

    def _tuned(self, network: ImageClassifier, variant: Variant) -> TrainedClassifier:
        config = self._tuning(variant)
        return Student(config, self.splits.train, self.splits.val, self.classifier, network=network).fit()

    def _student(self, variant: Variant) -> TrainedClassifier:
        mine = self.classifier.config
        width = self.narrow_width if variant == "narrow" else self.config.student_width
        if mine.encoder == "edgenet" and width >= mine.width:
            raise NotApplicableError(f"The original is EdgeNet of width {mine.width} already")
        steps = EFFORTS[variant] * self.config.steps
        config = ClassifierConfig(
            width=width,
            steps=steps,
            batch_size=mine.batch_size,
            augment="classical",
            balance=mine.balance,
            flips=mine.flips,
            evaluate_every=max(1, steps // LOOKS),
            precision=mine.precision,
            seed=self._seed(variant),
        )
        return Student(config, self.splits.train, self.splits.val, self.classifier).fit()

    def _tuning(self, variant: Variant) -> ClassifierConfig:
        """The settings of the original's training, shorter and at half its rate: most is learned already."""
        mine = self.classifier.config
        return mine.replace(
            steps=self.config.steps,
            learning_rate=mine.learning_rate / 2,
            encoder_rate=1.0,
            frozen_steps=0,
            evaluate_every=max(1, self.config.steps // LOOKS),
            keep="best",
            stop=None,
            fall=None,
            seed=self._seed(variant),
            threads=1,
        )

    def _seed(self, variant: Variant) -> int:
        return seeding.derive(self.config.seed, f"compress/{variant}")

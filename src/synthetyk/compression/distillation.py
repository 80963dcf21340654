"""Training a smaller classifier to say what a larger one says."""

import torch
import torch.nn.functional as F
from torch import Tensor

from synthetyk.compression.sparsity import Masks, apply_masks
from synthetyk.core.progress import Progress, silent
from synthetyk.models.image_classifier import ImageClassifier
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.labelled_images import LabelledImages

SOFTNESS = 4.0  # what both sides' logits are divided by
OWN_EYES = 0.3  # weight of the labels beside the teacher


class Student(ClassifierTrainer):
    """A classifier that learns from a teacher's logits and from the labels, on the very images that both see.

    Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015, section 2; teacher and student get
    the same augmented image (Beyer et al., "Knowledge distillation: a good teacher is patient and consistent", CVPR
    2022, section 3.1). Validation alone chooses the weights, as of every classifier.

    Args:
        config: How to train.
        train: Training images.
        val: Validation images.
        teacher: The classifier to learn from, of the same classes and shape of image.
        network: What the student begins with; None: a network of the settings, with first weights of their seed.
        masks: Weights that stay 0, see `compression.sparsity`.
        progress: Told every evaluated step.
    """

    def __init__(
        self,
        config: ClassifierConfig,
        train: LabelledImages,
        val: LabelledImages,
        teacher: TrainedClassifier,
        *,
        network: ImageClassifier | None = None,
        masks: Masks | None = None,
        progress: Progress = silent,
    ) -> None:
        taught = network.requires_grad_(True) if network else None  # a trained network's weights are locked
        super().__init__(config, train, val, network=taught, progress=progress)
        self.teacher, self.masks = teacher.network, masks or {}
        self._prune()

    def train_step(self, step: int) -> None:
        """Make one step; steps count from 0."""
        super().train_step(step)
        self._prune()

    def loss(self, images: Tensor, logits: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of a batch: what the teacher says of these images counts more than their labels."""
        with torch.no_grad():
            taught = self.teacher(images)
        return OWN_EYES * super().loss(images, logits, labels) + (1 - OWN_EYES) * distillation_loss(logits, taught)

    def _prune(self) -> None:
        for network in (self.network, self.average.network):
            apply_masks(network, self.masks)


def distillation_loss(logits: Tensor, taught: Tensor) -> Tensor:
    """Return how far a student's softened probabilities are from its teacher's (Hinton et al., section 2.1).

    The divergence is multiplied with the softness squared, so that gradients do not shrink with it.

    Args:
        logits: The student's, ``(N, K)``.
        taught: The teacher's, ``(N, K)``.
    """
    student, teacher = ((each / SOFTNESS).log_softmax(dim=1) for each in (logits, taught))
    return SOFTNESS**2 * F.kl_div(student, teacher, reduction="batchmean", log_target=True)

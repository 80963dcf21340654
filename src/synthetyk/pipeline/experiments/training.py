"""One training of an experiment: what it trains, what of it is kept, and that it is done only once."""

import hashlib
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.artifacts import Artifact, sha256_file, sha256_tree, write_bytes
from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.core.progress import Progress, part_of, silent
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.study.jobs import predict
from synthetyk.evaluation.study.start import AUTOENCODER, pretrained
from synthetyk.pipeline.experiments.images import Images
from synthetyk.pipeline.experiments.synthetic import open_set
from synthetyk.tracking.tracker import Tracker
from synthetyk.training.autoencoder import AutoencoderConfig
from synthetyk.training.classifier import SETTINGS_FILE, WEIGHTS_FILE, ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.encoder_start import Convention, EncoderStart, published_start
from synthetyk.training.labelled_images import Concatenated, LabelledImages
from synthetyk.training.validation_curve import ValidationPoint

TRAINING_FILE, PREDICTIONS_FILE = "training.json", "predictions.npz"


class TrainingFile(Artifact):
    """``training.json``, written when everything else of the training is there.

    Attributes:
        inputs: Hash of everything that the result depends on.
        counts: Real training images per class.
        synthetic: Synthetic training images per class; empty without.
        parameters: Numbers that the network has learnt.
        curve: The validation curve.
        best_step: Where the weights were taken.
        seconds: Wall time.
    """

    schema_name: ClassVar[str] = "experiment_training"

    inputs: str
    counts: tuple[int, ...]
    synthetic: tuple[int, ...]
    parameters: int
    curve: tuple[ValidationPoint, ...]
    best_step: int
    seconds: float

    @property
    def best(self) -> ValidationPoint:
        """The look at the validation images whose weights were kept."""
        return next(point for point in self.curve if point.step == self.best_step)


@dataclass(frozen=True)
class Result:
    """What one classifier said.

    Attributes:
        about: How it was trained.
        val: Probabilities on validation images, float32 ``(N, K)``.
        test: Probabilities on test images, float32 ``(N, K)``.
    """

    about: TrainingFile
    val: NDArray[np.float32]
    test: NDArray[np.float32]


@dataclass(frozen=True)
class Training:
    """One classifier to train.

    Attributes:
        name: Its experiment's.
        number: Its seed, as people count.
        folder: Where it is kept.
        images: What it is trained on.
        config: How.
        pretrain: How its encoder is trained without labels first; None if it is not.
        weights: File of published weights that it begins with; empty: none.
        convention: What those want to see.
        synthetic: Synthetic set beside the real images; empty: none.
    """

    name: str
    number: int
    folder: Path
    images: Images
    config: ClassifierConfig
    pretrain: AutoencoderConfig | None = None
    weights: str = ""
    convention: Convention = "torchvision"
    synthetic: str = ""

    @property
    def title(self) -> str:
        """What people call it."""
        return f"{self.name}, seed {self.number}"

    @property
    def steps(self) -> int:
        """Training steps in all, those without labels too."""
        return self.config.steps + (self.pretrain.steps if self.pretrain else 0)

    def inputs(self) -> str:
        """Return a hash of everything that its result depends on; the number of threads moves last bits only."""
        words: dict[str, Any] = {
            "config": self.config.model_dump(mode="json", exclude={"threads"}),
            "pretrain": self.pretrain.model_dump(mode="json", exclude={"threads"}) if self.pretrain else None,
            "weights": [sha256_file(Path(self.weights)), self.convention] if self.weights else None,
            "synthetic": sha256_tree([Path(self.synthetic)]) if self.synthetic else None,
            "images": self.images.sha256,
        }
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()

    def done(self) -> TrainingFile | None:
        """Return what is known of it, if it was done before with the same inputs and is still whole."""
        try:
            found = TrainingFile.load(self.folder / TRAINING_FILE)
        except ArtifactError:
            return None
        whole = all((self.folder / name).is_file() for name in (PREDICTIONS_FILE, SETTINGS_FILE, WEIGHTS_FILE))
        return found if whole and found.inputs == self.inputs() else None

    def result(self) -> Result:
        """Read what it left.

        Raises:
            ArtifactError: It left nothing, or not all.
        """
        about = TrainingFile.load(self.folder / TRAINING_FILE)
        try:
            with np.load(self.folder / PREDICTIONS_FILE) as said:
                return Result(about, said["val"], said["test"])
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise ArtifactError(
                f"{self.folder / PREDICTIONS_FILE} cannot be read",
                action=f"Delete {self.folder}; the same command trains it again",
            ) from error


def train(training: Training, tracker: Tracker, progress: Progress = silent) -> None:
    """Train a classifier and write its folder; ``training.json`` comes last.

    Args:
        training: Which.
        tracker: Told of every look at the validation images.
        progress: Told of every step.

    Raises:
        SynthetykError: It cannot be trained; the message says why.
    """
    started = time.monotonic()
    inputs, (train_images, val, test) = training.inputs(), training.images.splits()
    (training.folder / TRAINING_FILE).unlink(missing_ok=True)
    start = _start(training, train_images, part_of(progress, 0, training.steps))
    then = part_of(progress, training.steps - training.config.steps, training.steps)
    images, synthetic = _beside(training, train_images)
    trained = ClassifierTrainer(training.config, images, val, start=start, tracker=tracker, progress=then).fit()
    trained.save(training.folder)
    said = io.BytesIO()
    np.savez(said, val=predict(trained, val), test=predict(trained, test))
    write_bytes(training.folder / PREDICTIONS_FILE, said.getvalue())
    TrainingFile(
        inputs=inputs,
        counts=tuple(train_images.counts.tolist()),
        synthetic=tuple(synthetic.counts.tolist()) if synthetic else (),
        parameters=sum(parameter.numel() for parameter in trained.network.parameters()),
        curve=trained.curve,
        best_step=trained.best_step,
        seconds=round(time.monotonic() - started, 2),
    ).save(training.folder / TRAINING_FILE)


def _start(training: Training, train_images: Subset, progress: Progress) -> EncoderStart | None:
    if training.weights:
        channels = train_images.shape[0]
        return published_start(Path(training.weights), training.config.encoder, channels, training.convention)
    if training.pretrain is None:
        return None
    trained = pretrained(training.pretrain, training.images.learnable(), progress)
    trained.save(training.folder / AUTOENCODER)
    return trained.start()


def _beside(training: Training, real: Subset) -> tuple[LabelledImages, Subset | None]:
    """Return what is trained on, and which of it is synthetic."""
    if not training.synthetic:
        return real, None
    synthetic = open_set(Path(training.synthetic), real.class_names)
    if synthetic.shape != real.shape:
        (channels, height, width), wanted = synthetic.shape, real.shape
        raise ConfigError(
            f"{training.synthetic} holds images of {height} x {width} pixels with {channels} channels",
            expected=f"{wanted[1]} x {wanted[2]} with {wanted[0]}, as the real images have here",
            action=f"Use an image_size of {height}, or generate the set from a run at {wanted[1]} pixels",
        )
    return Concatenated([real, synthetic]), synthetic

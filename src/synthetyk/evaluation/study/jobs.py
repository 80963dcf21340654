"""One job of a study: train one classifier of one arm and keep what it says, so that it is never done twice."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact, Migration, write_bytes
from synthetyk.core.errors import ArtifactError
from synthetyk.data.dataset import Subset
from synthetyk.data.digest import blocks, hash_images
from synthetyk.evaluation.study.arms import BY_NAME, class_counts
from synthetyk.evaluation.study.inputs import Inputs
from synthetyk.evaluation.study.start import SharedStart
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.encoder_start import EncoderStart
from synthetyk.training.labelled_images import LabelledImages
from synthetyk.training.validation_curve import ValidationPoint

JOB_FILE, PREDICTIONS_FILE = "job.json", "predictions.npz"


@dataclass(frozen=True)
class Job:
    """One classifier to train.

    Attributes:
        arm: Name of its arm.
        gan: Which GAN's images; 0 where the arm has none.
        number: Which of the arm's classifiers.
    """

    arm: str
    gan: int
    number: int

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.arm}-{self.gan}-{self.number}"


class JobFile(Artifact):
    """``job.json``, written when everything else of the job is there.

    Attributes:
        inputs: Hash of everything that the result depends on.
        counts: Training images per class.
        curve: The validation curve.
        best_step: Where the weights were taken.
        views_gain: By how much averaging over changed copies lowered the validation loss; None: it was not tried.
    """

    schema_name: ClassVar[str] = "study_job"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}  # nothing was averaged over copies

    inputs: str
    counts: tuple[int, ...]
    curve: tuple[ValidationPoint, ...]
    best_step: int
    views_gain: float | None = None


@dataclass(frozen=True)
class JobResult:
    """What one classifier said.

    Attributes:
        about: How it was trained.
        val: Probabilities on the validation split, float32 ``(N, K)``.
        test: Probabilities on the test split, float32 ``(N, K)``.
    """

    about: JobFile
    val: NDArray[np.float32]
    test: NDArray[np.float32]

    @property
    def best(self) -> ValidationPoint:
        """The look at the validation split that chose the weights."""
        return next(point for point in self.about.curve if point.step == self.about.best_step)


@dataclass(frozen=True)
class Bench:
    """What all jobs of a study share.

    Attributes:
        folder: Holds one folder for each job.
        seed: The study's seed.
        classifier: Settings that arms and seeds vary.
        minimum_added: See `arms.added_counts`.
        data: Hash of the images.
        start: What every encoder begins with; None: first weights of its classifier's seed.
    """

    folder: Path
    seed: int
    classifier: ClassifierConfig
    minimum_added: float
    data: str
    start: SharedStart | None = None

    def run(self, job: Job, inputs: Inputs) -> None:
        """Train the job's classifier and write its folder; the job's file comes last."""
        arm, seed = BY_NAME[job.arm], self._seed(job)
        synthetic = inputs.synthetic[job.gan]
        images = arm.training_set(inputs.train, synthetic, seed, minimum_added=self.minimum_added)
        start = self.start.read() if self.start else None
        config = arm.settings(self.classifier, seed)
        if arm.in_turn:
            trained = train_in_turn(config, [synthetic, images], inputs.val, start)
        else:
            trained = ClassifierTrainer(config, images, inputs.val, start=start).fit()
        (self.folder / job.name / JOB_FILE).unlink(missing_ok=True)  # it tells of what is overwritten now
        trained.save(self.folder / job.name)
        said = io.BytesIO()
        np.savez(said, val=predict(trained, inputs.val), test=predict(trained, inputs.test))
        write_bytes(self.folder / job.name / PREDICTIONS_FILE, said.getvalue())
        counts = tuple(int(count) for count in class_counts(images))
        about = JobFile(
            inputs=self._hash(job),
            counts=counts,
            curve=trained.curve,
            best_step=trained.best_step,
            views_gain=trained.views_gain,
        )
        about.save(self.folder / job.name / JOB_FILE)

    def is_done(self, job: Job) -> bool:
        """Tell whether the job was done before, with the same inputs."""
        try:
            return JobFile.load(self.folder / job.name / JOB_FILE).inputs == self._hash(job)
        except ArtifactError:
            return False

    def result(self, job: Job) -> JobResult:
        """Read what a done job left."""
        folder = self.folder / job.name
        with np.load(folder / PREDICTIONS_FILE) as said:
            return JobResult(JobFile.load(folder / JOB_FILE), said["val"], said["test"])

    def classifier_of(self, job: Job) -> TrainedClassifier:
        """Read the classifier that a done job trained."""
        return TrainedClassifier.load(self.folder / job.name)

    def _seed(self, job: Job) -> int:
        return seeding.derive(self.seed, f"study/{job.name}")

    def _hash(self, job: Job) -> str:
        arm = BY_NAME[job.arm]
        settings = arm.settings(self.classifier, self._seed(job)).model_dump()
        words: dict[str, Any] = {"settings": settings, "arm": vars(arm), "data": self.data, "added": self.minimum_added}
        if self.start:
            words["start"] = self.start.sha256
        return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def train_in_turn(
    config: ClassifierConfig, sets: Sequence[LabelledImages], val: LabelledImages, start: EncoderStart | None
) -> TrainedClassifier:
    """Train on sets one after the other, all together as long as on one; the encoder goes on, the head begins anew.

    Args:
        config: Settings; their steps are shared out equally, the last set has what is left over.
        sets: What is trained on, in this order.
        val: Validation images; they choose the weights that go on, and those that are kept.
        start: What the first encoder begins with.

    Returns:
        The last classifier; the steps of its curve are counted from the first set's.
    """
    done, share = 0, config.steps // len(sets)
    for images in sets[:-1]:
        trained = ClassifierTrainer(config.replace(steps=share), images, val, start=start).fit()
        done, start = done + share, EncoderStart(trained.network.encoder.state_dict(), "the set before")
    last = config.replace(steps=config.steps - done, frozen_steps=0 if done else config.frozen_steps)
    trained = ClassifierTrainer(last, sets[-1], val, start=start).fit()
    curve = tuple(point.replace(step=point.step + done) for point in trained.curve)
    return replace(trained, config=config, curve=curve, best_step=trained.best_step + done)


def predict(classifier: TrainedClassifier, images: Subset) -> NDArray[np.float32]:
    """Return a classifier's probabilities of every image, float32 ``(N, K)``."""
    return np.concatenate([classifier.probabilities(images.batch(part)) for part in blocks(len(images))])


def hash_inputs(inputs: Inputs) -> str:
    """Return a SHA-256 over every image, label and class name."""
    return hash_images(inputs.train.class_names, [inputs.train, inputs.val, inputs.test, *inputs.synthetic])

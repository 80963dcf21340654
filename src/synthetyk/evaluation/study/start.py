"""What the encoders of all classifiers of a study begin with: made once, so that no arm has a better start."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from safetensors.torch import load_file, save

from synthetyk.core import seeding
from synthetyk.core.artifacts import Artifact, sha256_file, write_bytes
from synthetyk.core.errors import ArtifactError, NotApplicableError
from synthetyk.core.progress import Progress
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.described import pieces
from synthetyk.evaluation.study.report import StudyConfig
from synthetyk.models.weights import load_strictly
from synthetyk.training.autoencoder import AutoencoderConfig, AutoencoderTrainer, TrainedAutoencoder
from synthetyk.training.classifier import ClassifierConfig, build_network
from synthetyk.training.encoder_start import Convention, EncoderStart, published_start

START_FILE, ABOUT_FILE = "start.safetensors", "start.json"
AUTOENCODER = "autoencoder"  # folder of the autoencoder that a start was taken from
HELD_OUT = 0.1  # of the training groups: they tell when an autoencoder is at its best


class StartFile(Artifact):
    """``start.json``, written when the weights are there.

    Attributes:
        inputs: Hash of everything that they depend on.
        origin: Where they come from, in words.
        sha256: Of the weights file beside it.
    """

    schema_name: ClassVar[str] = "study_start"

    inputs: str
    origin: str
    sha256: str


@dataclass(frozen=True)
class SharedStart:
    """A start in a file, which every process that trains a classifier reads.

    Attributes:
        path: Of the weights.
        origin: Where they come from, in words.
        sha256: Of the file.
    """

    path: Path
    origin: str
    sha256: str

    def read(self) -> EncoderStart:
        """Return the weights."""
        return EncoderStart(load_file(self.path), self.origin, self.sha256)


def shared_start(
    config: StudyConfig, train: Subset, weights: Path | None, folder: Path, *, progress: Progress
) -> SharedStart | None:
    """Return what every encoder begins with, made only if `folder` does not hold it; None: they begin from nothing.

    Args:
        config: Of the study.
        train: Every training image, also those without a label: labels are not looked at.
        weights: A file of published weights, if the settings ask for them.
        folder: Receives ``start.safetensors`` and ``start.json``, of an autoencoder also the whole of it.
        progress: Told about an autoencoder's training.

    Raises:
        ArtifactError: Published weights do not fit the encoder.
    """
    if config.pretrain:
        task = config.pretrain
        inputs = _hash(task.model_dump(), _hash_images(train))
        return _kept(folder, inputs, lambda: _kept_whole(pretrained(task, train, progress), folder))
    if config.weights != "none" and weights:
        how, path = config.weights, weights
        inputs = _hash(config.classifier.encoder, how, train.shape[0], sha256_file(path))
        return _kept(folder, inputs, lambda: fitting(config.classifier, train.shape, path, how))
    return None


def _kept_whole(trained: TrainedAutoencoder, folder: Path) -> EncoderStart:
    trained.save(folder / AUTOENCODER)
    return trained.start()


def pretrained(config: AutoencoderConfig, train: Subset, progress: Progress) -> TrainedAutoencoder:
    """Train an autoencoder on training images alone; a part of them, no validation image, tells when it is best.

    Raises:
        NotApplicableError: All training images belong to one patient or slide.
    """
    groups = np.unique(train.groups)
    if len(groups) < 2:
        raise NotApplicableError("All training images belong to one patient, so none can be held out")
    order = seeding.generator(config.seed, "study/pretrain").permutation(groups)
    held_out = np.isin(train.groups, order[: max(1, round(HELD_OUT * len(groups)))])
    return AutoencoderTrainer(config, train.select(~held_out), train.select(held_out), progress=progress).fit()


def fitting(
    config: ClassifierConfig, shape: tuple[int, int, int], weights: Path, convention: Convention
) -> EncoderStart:
    """Read published weights and see that they fit.

    Args:
        config: Names the encoder.
        shape: (C, H, W) of an image.
        weights: The file.
        convention: What the weights want to see, see `published_start`.

    Raises:
        MissingDependencyError: There is no such file.
        ArtifactError: It does not fit; the message names the first mismatch.
    """
    found = published_start(weights, config.encoder, shape[0], convention)
    load_strictly(build_network(config, shape, 2).encoder, found.state, found.origin)
    return EncoderStart(found.state, f"published weights ({weights.name}, SHA-256 {found.sha256[:12]})", found.sha256)


def _kept(folder: Path, inputs: str, make: Callable[[], EncoderStart]) -> SharedStart:
    """Return the start that a folder holds; if it holds none of these inputs, make one first."""
    if not _is_there(folder, inputs):
        made = make()
        write_bytes(folder / START_FILE, save({name: value.contiguous() for name, value in made.state.items()}))
        sha256 = sha256_file(folder / START_FILE)
        StartFile(inputs=inputs, origin=made.origin, sha256=sha256).save(folder / ABOUT_FILE)
    about = StartFile.load(folder / ABOUT_FILE)
    return SharedStart(folder / START_FILE, about.origin, about.sha256)


def _is_there(folder: Path, inputs: str) -> bool:
    try:
        about = StartFile.load(folder / ABOUT_FILE)
        return about.inputs == inputs and about.sha256 == sha256_file(folder / START_FILE)
    except (ArtifactError, FileNotFoundError):
        return False


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _hash_images(subset: Subset) -> str:
    digest = hashlib.sha256(subset.groups.tobytes())
    for images in pieces(subset):
        digest.update(images.data)
    return digest.hexdigest()

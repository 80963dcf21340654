"""An anomaly detector on disk: its autoencoder, and how large its errors on normal images are."""

import hashlib
import json
from pathlib import Path
from typing import ClassVar

from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from synthetyk.core.artifacts import Artifact, Migration, sha256_file, write_bytes
from synthetyk.core.errors import ArtifactError
from synthetyk.data.dataset import Subset
from synthetyk.data.digest import hash_images
from synthetyk.evaluation.anomaly import AnomalyDetector
from synthetyk.training.autoencoder import WEIGHTS_FILE as AUTOENCODER_FILE
from synthetyk.training.autoencoder import AutoencoderConfig, TrainedAutoencoder

ABOUT_FILE, ERRORS_FILE = "detector.json", "detector.safetensors"


class DetectorFile(Artifact):
    """``detector.json``; beside it lie the autoencoder's two files.

    Attributes:
        inputs: Hash of the images and settings that it was trained with.
        normal: The class that it was trained on.
        autoencoder_sha256: Of the autoencoder's weights.
        errors_sha256: Of ``detector.safetensors``, which holds mean and deviation of normal errors, ``(H, W)`` each.
        limit: The score that 95% of normal validation images stay below; None in files of before it was kept, where
            ``anomalies.json`` has it.
    """

    schema_name: ClassVar[str] = "anomaly_detector"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    inputs: str
    normal: str
    autoencoder_sha256: str
    errors_sha256: str
    limit: float | None = None


def inputs_of(config: AutoencoderConfig, train: Subset, val: Subset) -> str:
    """Return a hash of everything that a detector depends on; the number of threads moves last bits only.

    Args:
        config: Of its autoencoder.
        train: Normal training images.
        val: Normal validation images.
    """
    words = json.dumps(config.model_dump(mode="json", exclude={"threads"}), sort_keys=True)
    return hashlib.sha256(f"{words} {hash_images(train.class_names, [train, val])}".encode()).hexdigest()


def save_detector(
    folder: Path, autoencoder: TrainedAutoencoder, detector: AnomalyDetector, *, normal: str, inputs: str, limit: float
) -> None:
    """Write a detector; ``detector.json`` comes last.

    Args:
        folder: Where to.
        autoencoder: The detector's.
        detector: What it knows of errors.
        normal: The class that it was trained on.
        inputs: What `inputs_of` returned.
        limit: The score that 95% of normal validation images stay below.
    """
    autoencoder.save(folder)
    write_bytes(folder / ERRORS_FILE, save({"mean": detector.mean, "deviation": detector.deviation}))
    DetectorFile(
        inputs=inputs,
        normal=normal,
        autoencoder_sha256=sha256_file(folder / AUTOENCODER_FILE),
        errors_sha256=sha256_file(folder / ERRORS_FILE),
        limit=limit,
    ).save(folder / ABOUT_FILE)


def load_detector(folder: Path) -> AnomalyDetector:
    """Read what `save_detector` wrote.

    Raises:
        ArtifactError: A file is missing or damaged, or they do not belong together.
    """
    about, errors = DetectorFile.load(folder / ABOUT_FILE), folder / ERRORS_FILE
    parts = ((errors, about.errors_sha256), (folder / AUTOENCODER_FILE, about.autoencoder_sha256))
    for path, sha256 in parts:
        if not path.exists() or sha256_file(path) != sha256:
            raise ArtifactError(f"{path} is not the file that {ABOUT_FILE} names", action="Train it again")
    try:
        found = load_file(errors)
        return AnomalyDetector(TrainedAutoencoder.load(folder), found["mean"], found["deviation"])
    except (SafetensorError, KeyError) as error:
        raise ArtifactError(f"{errors} holds no errors of normal images", action="Train it again") from error


def detector_of(folder: Path, inputs: str) -> AnomalyDetector | None:
    """Return the detector that a folder holds, if it is whole and of these inputs."""
    try:
        return load_detector(folder) if DetectorFile.load(folder / ABOUT_FILE).inputs == inputs else None
    except ArtifactError:
        return None

"""What a GAN needs to know of its data: whether it can train on it, and what real images look like."""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import TrainingError
from synthetyk.data.dataset import Subset
from synthetyk.training.gan_config import GANConfig

log = logging.getLogger(__name__)

MIN_IMAGES = 60  # in the training split: what is left of 100 images in all once 30% are kept for validation and test
FEW_IMAGES = 10  # a class with fewer is learnt by heart


def check_data(config: GANConfig, data: Subset) -> None:
    """Refuse data that the settings do not fit, and warn of classes that will be learnt by heart.

    Raises:
        TrainingError: Too few images, another shape, other classes, or a class without an image to learn it from.
    """
    network = config.network
    if len(data) < MIN_IMAGES:
        raise TrainingError(
            f"There are only {len(data)} images in the training split",
            expected=f"at least {MIN_IMAGES}, because a GAN learns fewer by heart",
            action="Add images",
        )
    shape = (network.channels, network.resolution, network.resolution)
    if data.shape != shape:
        raise TrainingError(f"Images have shape {data.shape}", expected=f"{shape}, as the network's settings say")
    if network.classes and (network.classes != len(data.class_names) or data.labels.min() < 0):
        raise TrainingError(
            f"The network is for {network.classes} classes, the data has {len(data.class_names)}"
            f" and {int((data.labels < 0).sum())} images without a label",
            expected="as many classes as the data has and a label for every image, or classes=0",
        )
    if network.classes:
        _check_classes(dict(zip(data.class_names, data.counts.tolist(), strict=True)))


def _check_classes(counts: dict[str, int]) -> None:
    """Judge how many training images each class has."""
    if empty := [name for name, count in counts.items() if not count]:
        raise TrainingError(
            f"No image in the training split shows {' or '.join(empty)}",
            expected="at least one of each class, or its images would be noise",
            action="Leave the class out, add images of it, or train without classes: --set conditional=false",
        )
    for name, count in counts.items():
        if count < FEW_IMAGES:
            log.warning("%s: %d training images, so its synthetic images will be near copies of them", name, count)


def data_digest(data: Subset) -> str:
    """Return a SHA-256 over which images a subset holds and how they are labelled (not over their pixels)."""
    digest = hashlib.sha256(repr((data.shape, data.class_names)).encode())
    digest.update(data.rows.tobytes() + data.labels.tobytes())
    return digest.hexdigest()


def identity(config: GANConfig, data: Subset) -> dict[str, Any]:
    """Return what makes a training this one and no other, fit for JSON."""
    return {"config": config.model_dump(mode="json"), "data": data_digest(data)}


def check_same(config: GANConfig, data: Subset, state: Mapping[str, Any], folder: Path) -> None:
    """Refuse to go on with a training of other settings or other data.

    Args:
        config: The settings now.
        data: The data now.
        state: Holds what `identity` returned when the training began.
        folder: Where it lies.

    Raises:
        TrainingError: Something differs; the message names it.
    """
    now = identity(config, data)
    # A setting that a training of an older version did not know has the value that it had then: the default.
    ours, theirs = now["config"], GANConfig.parse(state["config"], where=str(folder)).model_dump(mode="json")
    changed = sorted(name for name in ours if ours[name] != theirs[name])
    changed += ["the data"] if state["data"] != now["data"] else []
    if changed:
        raise TrainingError(
            f"{folder} holds a training with other settings ({', '.join(changed)})",
            expected="the settings and the data that it was begun with",
            action="Train into another folder, or delete this one to begin anew",
        )


def reference_images(config: GANConfig, data: Subset) -> dict[str, NDArray[np.uint8]]:
    """Return some real images of each class, by the class's name."""
    classes = enumerate(data.class_names) if config.network.classes else [(None, "all")]
    found = {}
    for label, name in classes:
        positions = np.flatnonzero(data.labels == label) if label is not None else np.arange(len(data))
        order = seeding.generator(config.seed, f"monitor/real/{name}").permutation(positions)
        found[name] = data.batch(order[: config.monitor.samples])
    return found

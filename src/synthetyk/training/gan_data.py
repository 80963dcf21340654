"""What a GAN needs to know of its data: whether it can train on it, and what real images look like."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.errors import TrainingError
from synthetyk.data.dataset import Subset
from synthetyk.training.gan import GANConfig

MIN_IMAGES = 100


def check_data(config: GANConfig, data: Subset) -> None:
    """Refuse data that the settings do not fit.

    Raises:
        TrainingError: Too few images, another shape, or other classes.
    """
    network = config.network
    if len(data) < MIN_IMAGES:
        raise TrainingError(
            f"There are only {len(data)} training images",
            expected=f"at least {MIN_IMAGES}, because a GAN learns fewer by heart",
            action="Add images, or carve smaller validation and test splits",
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


def data_digest(data: Subset) -> str:
    """Return a SHA-256 over which images a subset holds and how they are labelled (not over their pixels)."""
    digest = hashlib.sha256(repr((data.shape, data.class_names)).encode())
    digest.update(data.rows.tobytes() + data.labels.tobytes())
    return digest.hexdigest()


def reference_images(config: GANConfig, data: Subset) -> dict[str, NDArray[np.uint8]]:
    """Return some real images of each class, by the class's name."""
    classes = enumerate(data.class_names) if config.network.classes else [(None, "all")]
    found = {}
    for label, name in classes:
        positions = np.flatnonzero(data.labels == label) if label is not None else np.arange(len(data))
        order = seeding.generator(config.seed, f"monitor/real/{name}").permutation(positions)
        found[name] = data.batch(order[: config.monitor.samples])
    return found

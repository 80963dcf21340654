"""Measures how fast this machine trains, on random images of the planned shape; medians, for others may use it too."""

import time
from statistics import median

import numpy as np

from synthetyk.core import seeding
from synthetyk.data.dataset import Subset
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.speed import measure

IMAGES = 256
STEPS = 12
WARM_UP = 3


class MeasuredSpeeds:
    """Trains for a few seconds and forgets it.

    Args:
        seconds: How long to measure the GAN.
    """

    def __init__(self, seconds: float = 4.0) -> None:
        self.seconds = seconds

    def gan(self, config: GANConfig) -> float:
        """Return real images shown per second."""
        network = config.network
        return measure(config, _random_images(network.channels, network.resolution, network.classes), self.seconds)

    def classifier(self, config: ClassifierConfig, channels: int, resolution: int) -> float:
        """Return seconds per step on one thread, augmentation included."""
        images = _random_images(channels, resolution, 2)
        trainer = ClassifierTrainer(config.replace(augment="classical"), images, images)
        seconds = []
        for step in range(WARM_UP + STEPS):
            began = time.monotonic()
            trainer.train_step(step)
            seconds.append(time.monotonic() - began)
        return median(seconds[WARM_UP:])


def _random_images(channels: int, resolution: int, classes: int) -> Subset:
    shape = (IMAGES, channels, resolution, resolution)
    images = seeding.generator(0, "plan/speed").integers(0, 256, shape, dtype=np.uint8)
    rows = np.arange(IMAGES, dtype=np.int64)
    labels = rows % classes if classes else np.full(IMAGES, -1, dtype=np.int64)
    return Subset(images, rows, labels, rows, tuple(str(label) for label in range(classes)))

"""How fast a GAN trains here: a short calibration that turns a time budget into a number of images."""

import math
import time
from statistics import median

from synthetyk.data.dataset import Subset
from synthetyk.training.batches import GANBatches
from synthetyk.training.gan import GAN, GANConfig
from synthetyk.training.numerics import prepare_torch

WARM_UP_STEPS = 2  # the first steps choose kernels and fill caches


def measure(config: GANConfig, data: Subset, seconds: float = 5.0) -> float:
    """Train for some seconds and forget it; return real images shown per second, by the median step.

    Args:
        config: The settings that will be trained with: speed depends on nearly all of them.
        data: The images that will be trained on.
        seconds: How long to measure, after the first steps; at least one step is measured.
    """
    prepare_torch(config.threads)
    gan = GAN(config)
    batches = GANBatches(
        data, config.batch_size, config.seed, conditional=config.network.classes > 0, balanced=config.balanced
    )
    steps: list[float] = []
    ends = math.inf
    while len(steps) <= WARM_UP_STEPS or time.monotonic() < ends:
        began = time.monotonic()
        gan.train_step(*batches.at(len(steps)), len(steps))
        steps.append(time.monotonic() - began)
        if len(steps) == WARM_UP_STEPS:
            ends = time.monotonic() + seconds
    return config.batch_size / median(steps[WARM_UP_STEPS:])

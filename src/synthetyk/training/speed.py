"""How fast a GAN trains here: a short calibration that turns a time budget into a number of images."""

import math
import time
from statistics import median

from synthetyk.data.dataset import Subset
from synthetyk.training.batches import GANBatches
from synthetyk.training.gan import GAN
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.world import ALONE

WARM_UP_STEPS = 2  # the first steps choose kernels and fill caches


def measure(config: GANConfig, data: Subset, seconds: float = 5.0) -> float:
    """Train for some seconds and forget it; return real images shown per second, by the median step of each kind.

    Steps that pay gradient penalties are slower than the others and count as often as they come.

    Args:
        config: The settings that will be trained with: speed depends on nearly all of them.
        data: The images that will be trained on.
        seconds: How long to measure, after the first steps; at least one step of each kind is measured.
    """
    prepare_torch(config.threads)
    gan = GAN(config)
    batches = GANBatches(config, data, ALONE.share(config.batch_size))
    steps: list[float] = []
    ends, fewest = math.inf, WARM_UP_STEPS + (config.penalty_every if config.r1 or config.r2 else 1)
    while len(steps) < fewest or time.monotonic() < ends:
        began = time.monotonic()
        values = gan.train_step(*batches.at(len(steps)), len(steps))
        values["g_gradient"].item()  # a GPU has only been told what to do until somebody asks
        steps.append(time.monotonic() - began)
        if len(steps) == WARM_UP_STEPS:
            ends = time.monotonic() + seconds
    measured = range(WARM_UP_STEPS, len(steps))
    penalised = [steps[step] for step in measured if gan.penalised(step)]
    plain = [steps[step] for step in measured if not gan.penalised(step)]
    if not (penalised and plain):
        return config.batch_size / median(penalised or plain)
    part = 1 / config.penalty_every
    return config.batch_size / (part * median(penalised) + (1 - part) * median(plain))

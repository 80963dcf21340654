import numpy as np
import pytest

from synthetyk.data.dataset import UNLABELLED, Subset
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.training.gan_config import GANConfig


@pytest.fixture(scope="session")
def discs():
    """Make grey 28x28 images of a disc: in class 0 on the left, in class 1 on the right, of any place and size."""

    def make(count=120, *, labelled=True, seed=0):
        rng = np.random.default_rng(seed)
        labels = (np.arange(count) % 3 == 0).astype(np.int64)
        row, column = np.mgrid[:28, :28]
        y, x, radius = rng.uniform(8, 20, count), rng.uniform(6, 10, count) + 12 * labels, rng.uniform(3, 7, count)
        distance = np.hypot(row - y[:, None, None], column - x[:, None, None])
        images = 30 + 190 / (1 + np.exp(distance - radius[:, None, None])) + rng.normal(0, 5, (count, 28, 28))
        rows = np.arange(count)
        return Subset(
            images.clip(0, 255).astype(np.uint8)[:, None],
            rows,
            labels if labelled else np.full(count, UNLABELLED),
            rows,
            ("left", "right") if labelled else (),
        )

    return make


@pytest.fixture(scope="session")
def tiny():
    """Make the settings of a training that takes a second."""

    def make(*, classes=2, **changes):
        settings = {
            "network": NetworkConfig(resolution=28, classes=classes, width=4, latent=8),
            "batch_size": 16,
            "kimg": 0.8,  # 50 steps
            "tick_kimg": 0.08,
            "checkpoint_kimg": 0.16,
            "sample_kimg": 0.4,
        }
        return GANConfig.parse({**settings, **changes})

    return make

"""Which images a training step sees: by address, so that a resumed run sees the same."""

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from synthetyk.core import seeding
from synthetyk.data.dataset import Subset
from synthetyk.training.gan_config import GANConfig

RESIDENT = 2 * 2**30  # bytes of images that a GPU keeps whole, so that only their positions have to come to it


class BatchOrder:
    """Positions of every step: epochs without replacement, taken from each pool in turn.

    With one pool this is the usual shuffled epoch. With one pool per class every batch is balanced, and a rare class
    simply has more epochs. A batch may be larger than a pool: it then spans epochs.

    Args:
        pools: Positions ``(n_p,)`` of each pool, none empty.
        batch_size: Images per step.
        seed: The run's seed.
        shuffle: Whether every epoch has an order of its own; false: that of the pools.
    """

    def __init__(self, pools: list[NDArray[np.int64]], batch_size: int, seed: int, *, shuffle: bool = True) -> None:
        self.pools, self.batch_size, self.seed, self.shuffle = pools, batch_size, seed, shuffle
        self._epoch = lru_cache(maxsize=2 * len(pools))(self._shuffled)

    def positions(self, step: int, attempt: int = 0) -> NDArray[np.int64]:
        """Return the positions ``(batch_size,)`` of one step."""
        samples = range(step * self.batch_size, (step + 1) * self.batch_size)
        return np.array([self._position(sample, attempt) for sample in samples], dtype=np.int64)

    def _position(self, sample: int, attempt: int) -> int:
        turn, pool = divmod(sample, len(self.pools))
        epoch, place = divmod(turn, len(self.pools[pool]))
        return int(self._epoch(pool, epoch, attempt)[place])

    def _shuffled(self, pool: int, epoch: int, attempt: int) -> NDArray[np.int64]:
        if not self.shuffle:
            return self.pools[pool]
        order = seeding.generator(self.seed, f"train/order/{pool}", step=epoch, attempt=attempt)
        return order.permutation(self.pools[pool])


class GANBatches:
    """The real images and labels of every step.

    Args:
        config: How the GAN is trained.
        data: The training images.
        share: Which rows of every batch are this process's own.
    """

    def __init__(self, config: GANConfig, data: Subset, share: slice) -> None:
        self.data, self.share, self.device = data, share, config.device
        self.conditional = config.network.classes > 0
        everything = np.arange(len(data), dtype=np.int64)
        by_class = [everything[data.labels == label] for label in np.unique(data.labels)]
        self._order = BatchOrder(by_class if config.balanced else [everything], config.batch_size, config.seed)
        small = config.device != "cpu" and len(data) * math.prod(data.shape) <= RESIDENT
        self._resident = torch.from_numpy(data.batch(everything)).to(self.device) if small else None

    def at(self, step: int, attempt: int = 0) -> tuple[Tensor, Tensor | None]:
        """Return images float32 ``(n, C, H, W)`` in [-1, 1] and labels int64 ``(n,)``, or None if unconditional."""
        positions = self._order.positions(step, attempt)[self.share]
        images = self._rows(positions).to(torch.float32, memory_format=torch.channels_last).mul_(1 / 127.5).sub_(1)
        labels = torch.from_numpy(self.data.labels[positions]).to(self.device) if self.conditional else None
        return images, labels

    def _rows(self, positions: NDArray[np.int64]) -> Tensor:
        if self._resident is None:
            return torch.from_numpy(self.data.batch(positions)).to(self.device)
        return self._resident[torch.from_numpy(positions).to(self.device)]

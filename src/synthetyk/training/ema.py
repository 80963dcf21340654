"""The exponential moving average of a generator's weights, which draws better images than any single step's."""

import copy
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def ema_decay(batch_size: int, half_life_kimg: float, step: int) -> float:
    """Return how much of the average is kept in one step.

    While few images have been shown the half-life is a twentieth of them, so that the average forgets its beginning
    (Karras et al., "Training generative adversarial networks with limited data", 2020, reference implementation).

    Args:
        batch_size: Images per step.
        half_life_kimg: Thousand images after which a step's weights count half; 0 turns the average off.
        step: Steps already done.
    """
    half_life = min(half_life_kimg * 1000, 0.05 * step * batch_size)
    return float(0.5 ** (batch_size / half_life)) if half_life > 0 else 0.0


class EMA(Generic[Network]):
    """Holds the averaged copy of a network, in evaluation mode.

    Batch normalisation's running mean and variance are averaged like the weights; its counter is copied.
    """

    def __init__(self, network: Network) -> None:
        self.network: Network = copy.deepcopy(network).eval().requires_grad_(False)

    def update(self, network: Network, decay: float) -> None:
        """Move the average toward `network`, keeping so much of it."""
        self.pull(network, 1 - decay)

    @torch.no_grad()
    def pull(self, network: Network, weight: float | Tensor) -> None:
        """Move the average toward `network` by so much, from 0 to 1; a tensor is float32 and a scalar."""
        for mine, theirs in zip(self.network.state_dict().values(), network.state_dict().values(), strict=True):
            if mine.is_floating_point():
                mine.lerp_(theirs, weight)
            else:
                mine.copy_(theirs)

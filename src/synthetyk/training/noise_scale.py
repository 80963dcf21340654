"""How widely a trained generator draws its noise, by the distance of its images to real ones.

A generator that was trained on standard normal noise mostly draws images that are more alike than real ones, the more
so the fewer it was trained on. Noise drawn less widely makes images more typical and less varied, the truncation trick
(Brock, Donahue and Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR 2019, section
3.1); drawn more widely it gives back variety, at first without a loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

from synthetyk.training.sampler import Sampler

Distance = Callable[[Sampler], float]

STEP = 0.1
LIMIT = 1.5  # further from what the generator was trained on it was not tried


@dataclass(frozen=True)
class NoiseScale:
    """What noise is multiplied with, and why.

    Attributes:
        value: At least 1.
        reason: In words; empty if it is 1.
    """

    value: float = 1.0
    reason: str = ""


def choose_noise_scale(sampler: Sampler, distance: Distance) -> NoiseScale:
    """Widen the noise of a sampler, step by step, as long as its images come nearer to real ones.

    It is never narrowed: that would lower a distance only where images are too varied to look right, and what makes
    images more alike also brings them nearer to training images.

    Args:
        sampler: Draws with noise as in training.
        distance: Of what a sampler draws to real images.
    """
    first = least = distance(sampler)
    value = 1.0
    while value < LIMIT:
        wider = round(value + STEP, 2)
        found = distance(sampler.widened(wider))
        if not found < least:
            break
        value, least = wider, found
    if value == 1:
        return NoiseScale()
    lowered = f"which lowered the Fréchet distance of its images to training images from {first:.4f} to {least:.4f}"
    return NoiseScale(value, f"Its noise is {value:g} times as wide as in its training, {lowered}.")

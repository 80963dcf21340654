"""How widely a trained generator draws its noise, by the distance of its images to real ones.

A generator that was trained on standard normal noise mostly draws images that are more alike than real ones, the more
so the fewer it was trained on. Noise drawn less widely makes images more typical and less varied, the truncation trick
(Brock, Donahue and Simonyan, "Large scale GAN training for high fidelity natural image synthesis", ICLR 2019, section
3.1); drawn more widely it gives back variety, at first without a loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

from synthetyk.training.sampler import Sampler

# Of what a sampler draws to real images, and its standard error, were there other real images.
Distance = Callable[[Sampler], tuple[float, float]]

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
    """Widen the noise of a sampler, step by step, as long as its images are measurably no further from real ones.

    That is as long as their distance is within its own standard error of the lowest so far. The fewer real images there
    are, the less varied do they look themselves, so that the lowest distance alone would choose too little variety. It
    is never narrowed: that would lower a distance only where images are too varied to look right, and what makes images
    more alike also brings them nearer to training images.

    Args:
        sampler: Draws with noise as in training.
        distance: Of what a sampler draws.
    """
    first = lowest = last = distance(sampler)[0]
    value = 1.0
    while value < LIMIT:
        wider = round(value + STEP, 2)
        found, error = distance(sampler.widened(wider))
        lowest = min(lowest, found)
        if not found - error <= lowest:
            break
        value, last = wider, found
    if value == 1:
        return NoiseScale()
    return NoiseScale(
        value,
        f"Its noise is {value:g} times as wide as in its training, the widest with which the Fréchet distance of its "
        f"images to training images ({last:.4f}; {first:.4f} with noise as in training) is not measurably above the "
        f"lowest ({lowest:.4f}).",
    )

"""Whether synthetic images are as sharp as real ones: the energy of their detail, size by size.

A feature network that has learnt to tell classes apart hardly sees blur; this does, and needs no network.
"""

import numpy as np
from numpy.typing import NDArray

from synthetyk.core import seeding
from synthetyk.core.config import Config
from synthetyk.evaluation.detail import CELLS
from synthetyk.evaluation.scores import Measure, ScoreConfig
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.floor import halving_floor

# Half of the energy, or twice as much, is what people see; less than that is told by the figure alone.
SEEN = 2.0
DEVIATIONS = 3.0  # of the floor, beyond which chance is no explanation


class Sharpness(Config):
    """Energy of the detail of synthetic images as a part of that of real ones.

    Attributes:
        count: Images on each side, and in each half behind a floor.
        octaves: One figure for each octave, ``detail[2px]`` first: below 1 for blurred images, above 1 for noisy ones.
        reason: Why nothing was measured.
    """

    count: int
    octaves: tuple[Measure, ...] = ()
    reason: str = ""

    @property
    def blurred(self) -> tuple[Measure, ...]:
        """The octaves with visibly less detail than real images have."""
        return tuple(one for one in self.octaves if _beyond(one) and (one.value or 0) < 1 / SEEN)

    @property
    def noisy(self) -> tuple[Measure, ...]:
        """The octaves with visibly more detail than real images have."""
        return tuple(one for one in self.octaves if _beyond(one) and (one.value or 0) > SEEN)

    @property
    def findings(self) -> tuple[str, ...]:
        """What is wrong with the detail, in words."""
        kinds = (("blurred", self.blurred, "less than half"), ("noisy", self.noisy, "more than twice"))
        return tuple(
            f"The images are {kind}: detail of {' and '.join(map(size, ones))} "
            f"has {how} the energy that it has in real ones"
            for kind, ones, how in kinds
            if ones
        )


def sharpness(real: Rows, synthetic: Rows, channels: int, config: ScoreConfig) -> Sharpness:
    """Compare the detail of as many synthetic as real images.

    Args:
        real: `detail` of training images, at least twice as many as `synthetic`.
        synthetic: `detail` of synthetic images, ``(N, octaves * channels * 16)``.
        channels: Of the images.
        config: How sets are scored: the least number of images, the halvings, the seed.
    """
    count, octaves = len(synthetic), synthetic.shape[1] // (channels * CELLS**2)
    if count < config.minimum:
        return Sharpness(count=count, reason=f"only {count} images on each side, {config.minimum} are needed")
    if not octaves:
        return Sharpness(count=count, reason="the images are smaller than 8 pixels")
    chosen = seeding.generator(config.seed, "evaluate/real").permutation(len(real))[:count]
    measures = []
    for octave, (a, b) in enumerate(zip(_levels(real, octaves), _levels(synthetic, octaves), strict=True)):
        floor = halving_floor(a[:, None], energy_ratio, count, repeats=config.halvings, seed=config.seed)
        value = energy_ratio(b, a[chosen])
        name = f"detail[{2 ** (octave + 1)}px]"
        measures.append(Measure(name=name, value=value, floor=floor.mean, floor_std=floor.std))
    return Sharpness(count=count, octaves=tuple(measures))


def energy_ratio(levels: Rows, reference: Rows) -> float:
    """Return the ratio of the geometric means of two sets' energies, given their logarithms."""
    return float(np.exp(levels.mean(dtype=np.float64) - reference.mean(dtype=np.float64)))


def size(octave: Measure) -> str:
    """Return how large the detail of an octave is, for example ``2 pixels``."""
    return octave.name.removeprefix("detail[").removesuffix("px]") + " pixels"


def _levels(rows: Rows, octaves: int) -> NDArray[np.float64]:
    """Return the mean log energy of each octave and image, ``(octaves, N)``."""
    levels: NDArray[np.float64] = rows.reshape(len(rows), octaves, -1).mean(axis=2, dtype=np.float64).T
    return levels


def _beyond(measure: Measure) -> bool:
    assert measure.value is not None
    assert measure.floor is not None
    assert measure.floor_std is not None
    return abs(measure.value - measure.floor) > DEVIATIONS * measure.floor_std

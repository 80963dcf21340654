"""What one feature network says of one set of synthetic images, each figure beside its floor."""

from collections.abc import Callable

import numpy as np
from pydantic import Field

from synthetyk.core import seeding
from synthetyk.core.config import Config
from synthetyk.core.errors import MetricError
from synthetyk.evaluation.described import Described
from synthetyk.metrics.checks import Rows
from synthetyk.metrics.floor import halving_floor
from synthetyk.metrics.frechet import frechet_distance
from synthetyk.metrics.inception_score import inception_score
from synthetyk.metrics.kernel import kernel_distance, kernel_distance_interval
from synthetyk.metrics.manifold import PrecisionRecall, precision_recall
from synthetyk.metrics.neighbours import VOID_BELOW, nearest_neighbour_ratio

# Below this many images the Fréchet distance's bias outweighs what it tells, and the unbiased kernel distance leads.
FRECHET_LEADS_FROM = 2048
FID_FEATURES = "inception_v3_fid"


class ScoreConfig(Config):
    """How a set is scored.

    Attributes:
        k: Neighbours that span a neighbourhood in precision, recall, density and coverage.
        minimum: Images on each side below which nothing is scored.
        halvings: Random halvings of the real images behind every floor.
        resamples: Bootstrap resamples behind the kernel distance's interval.
        seed: The run's seed.
    """

    k: int = Field(default=5, ge=1)
    minimum: int = Field(default=20, ge=4)
    halvings: int = Field(default=10, ge=2)
    resamples: int = Field(default=500, ge=50)
    seed: int = Field(default=0, ge=0)


class Measure(Config):
    """One figure beside its floor.

    Attributes:
        name: With the features that it was measured in, for example ``FD[learned]``; ``FID`` only with InceptionV3.
        value: None if it could not be measured; `reason` says why.
        low: Lower end of the 95% interval, where there is one.
        high: Upper end of it.
        floor: The same figure between random halves of the real training images, mean over the halvings.
        floor_std: Its standard deviation over the halvings.
        reason: Why there is no value.
    """

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    floor_std: float | None = None
    reason: str = ""


class Ratio(Config):
    """Median distance to the nearest training image, synthetic over held-out real; None if it could not be measured.

    Attributes:
        value: Near 0 for copies, about 1 for new images of the same kind.
        synthetic: Median distance of synthetic images.
        held_out: Median distance of validation images.
        count: Images on each side.
        reason: Why there is no value.
    """

    value: float | None = None
    synthetic: float | None = None
    held_out: float | None = None
    count: int = 0
    reason: str = ""


class Scores(Config):
    """Everything measured on one set, overall or one class.

    Attributes:
        name: ``overall`` or the class.
        count: Images on each side of every figure, and in each half behind a floor.
        leads: Name of the distance to read first.
        leads_reason: Why that one.
        void: Whether the distances say nothing, because the images lie closer to the training set than real ones do.
        void_reason: The same in words.
        ratio: What `void` rests on.
        frechet: Fréchet distance; lower is better.
        kernel: Kernel distance with its interval; lower is better.
        inception: Inception Score; higher is better, its floor is that of real images.
        precision: Share of synthetic images that look real; its floor is that of real images, as for the next three.
        recall: Share of real images that the generator reaches.
        density: As precision, but outliers count less.
        coverage: As recall, but outliers count less.
        reason: Why nothing was measured.
    """

    name: str
    count: int
    leads: str = ""
    leads_reason: str = ""
    void: bool = False
    void_reason: str = ""
    ratio: Ratio = Ratio()
    frechet: Measure
    kernel: Measure
    inception: Measure
    precision: Measure
    recall: Measure
    density: Measure
    coverage: Measure
    reason: str = ""


def score(
    name: str, features: str, real: Described, synthetic: Described, held_out: Described, *, config: ScoreConfig
) -> Scores:
    """Score synthetic images against training images.

    Args:
        name: ``overall`` or the class.
        features: Name of the feature network.
        real: Training images, at least twice as many as `synthetic`: its halves of that count make the floors.
        synthetic: Synthetic images.
        held_out: Real images of the validation split whose patients and pixels the generator never met.
        config: How.
    """
    count = len(synthetic)
    if count < max(config.minimum, config.k + 1):
        return unscored(
            name, features, count, f"only {count} images on each side, {max(config.minimum, config.k + 1)} are needed"
        )
    leads = "frechet" if count >= FRECHET_LEADS_FROM else "kernel"
    ratio = _ratio(real, synthetic, held_out, config)
    void = ratio.value is not None and ratio.value < VOID_BELOW
    return Scores(
        name=name,
        count=count,
        leads=_metric_name(leads, features),
        leads_reason=_leads_reason(count),
        void=void,
        void_reason=_void_reason(ratio) if void else "",
        ratio=ratio,
        **_Measurer(features, real, synthetic, config).measures(),
    )


def unscored(name: str, features: str, count: int, reason: str) -> Scores:
    """Return the scores of a set that cannot be scored, every figure None with the reason."""
    measures = {figure: Measure(name=_metric_name(figure, features), reason=reason) for figure in FIGURES}
    return Scores(name=name, count=count, ratio=Ratio(reason=reason), reason=reason, **measures)


FIGURES = ("frechet", "kernel", "inception", "precision", "recall", "density", "coverage")


def _metric_name(figure: str, features: str) -> str:
    """Return FID, KID and IS for InceptionV3 with the FID weights, and for nothing else."""
    official = {"frechet": "FID", "kernel": "KID", "inception": "IS"}
    short = {"frechet": "FD", "kernel": "KD", "inception": "IS"}
    if features == FID_FEATURES and figure in official:
        return official[figure]
    return f"{short.get(figure, figure)}[{features}]"


class _Measurer:
    """The figures of one set; every one takes the same images and the same halvings."""

    def __init__(self, features: str, real: Described, synthetic: Described, config: ScoreConfig) -> None:
        self.features, self.real, self.synthetic, self.config = features, real, synthetic, config
        chosen = seeding.generator(config.seed, "evaluate/real").permutation(len(real))[: len(synthetic)]
        self.chosen = real.take(np.sort(chosen))

    def measures(self) -> dict[str, Measure]:
        """Return every figure by its field in `Scores`."""
        return {
            "frechet": self._frechet(),
            "kernel": self._kernel(),
            "inception": self._inception(),
            **self._manifold(),
        }

    def _frechet(self) -> Measure:
        value = frechet_distance(self.chosen.features, self.synthetic.features)
        return self._beside("frechet", self._halve(self.real.features, frechet_distance), value)

    def _kernel(self) -> Measure:
        found = kernel_distance_interval(
            self.chosen.features, self.synthetic.features, resamples=self.config.resamples, seed=self.config.seed
        )
        floors = self._halve(self.real.features, kernel_distance)
        return self._beside("kernel", floors, found.value).replace(low=found.low, high=found.high)

    def _inception(self) -> Measure:
        if self.real.probabilities is None or self.synthetic.probabilities is None:
            name = _metric_name("inception", self.features)
            return Measure(name=name, reason=f"the feature network {self.features} classifies nothing")
        floors = self._halve(self.real.probabilities, lambda half, _: inception_score(half))
        return self._beside("inception", floors, inception_score(self.synthetic.probabilities))

    def _manifold(self) -> dict[str, Measure]:
        found = precision_recall(self.chosen.features, self.synthetic.features, k=self.config.k)
        halves: list[PrecisionRecall] = []  # four floors of one pass over the halvings

        def measure(a: Rows, b: Rows) -> float:
            halves.append(precision_recall(a, b, k=self.config.k))
            return halves[-1].precision

        self._halve(self.real.features, measure)
        return {
            figure: self._beside(figure, [getattr(half, figure) for half in halves], getattr(found, figure))
            for figure in ("precision", "recall", "density", "coverage")
        }

    def _halve(self, rows: Rows, measure: Callable[[Rows, Rows], float]) -> list[float]:
        config = self.config
        floor = halving_floor(rows, measure, len(self.synthetic), repeats=config.halvings, seed=config.seed)
        return list(floor.values)

    def _beside(self, figure: str, floors: list[float], value: float) -> Measure:
        name = _metric_name(figure, self.features)
        return Measure(name=name, value=value, floor=float(np.mean(floors)), floor_std=float(np.std(floors, ddof=1)))


def _ratio(real: Described, synthetic: Described, held_out: Described, config: ScoreConfig) -> Ratio:
    if len(held_out) < config.minimum:
        return Ratio(reason=f"only {len(held_out)} usable validation images, {config.minimum} are needed")
    try:
        found = nearest_neighbour_ratio(synthetic.features, real.features, held_out.features, seed=config.seed)
    except MetricError as error:
        return Ratio(reason=str(error))
    return Ratio(value=found.ratio, synthetic=found.synthetic, held_out=found.held_out, count=found.count)


def _leads_reason(count: int) -> str:
    if count >= FRECHET_LEADS_FROM:
        return f"{count} images on each side are enough for the Fréchet distance"
    return (
        f"{count} images on each side: below {FRECHET_LEADS_FROM} the Fréchet distance's bias outweighs what it tells"
    )


def _void_reason(ratio: Ratio) -> str:
    return (
        f"Void: synthetic images lie {ratio.value:.2f} times as far from their nearest training image as validation "
        f"images do (below {VOID_BELOW}). They are copies, or more average than real images are; a distance to the "
        "training set rewards both"
    )

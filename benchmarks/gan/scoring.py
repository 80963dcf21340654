"""What the images of a training are worth, and the figure that compares two sides.

Distances are those of the product (`evaluation.scores`): half as many synthetic images as there are training images, in
the classes' proportions, against as many random training images; the floor is the mean distance of ten random halvings
of the training set at that same count, since every distance is biased by its count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

import numpy as np

from benchmarks.gan.sets import open_set, set_job
from benchmarks.gan.training import Side, load
from benchmarks.jobs import Job
from benchmarks.options import Options
from synthetyk.data.dataset import Dataset
from synthetyk.evaluation.described import Described, described, described_subset, unmet
from synthetyk.evaluation.extractors.squeezenet import SqueezeNetExtractor
from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.evaluation.scores import FRECHET_LEADS_FROM, Measure, ScoreConfig, Scores, score
from synthetyk.metrics.extractor import FeatureExtractor
from synthetyk.metrics.neighbours import VOID_BELOW

Leads = Literal["frechet", "kernel"]


def features_job(options: Options, name: str) -> Job:
    """Return the job that describes a data set's training and held-out images."""
    arguments = {"name": name, "weights": options.squeezenet}
    return Job(f"features/{name}", f"{__name__}:describe_set", arguments, (set_job(name),))


def score_job(options: Options, name: str, trained: Job) -> Job:
    """Return the job that scores one training."""
    arguments = {"name": name, "of": trained.name, "weights": options.squeezenet}
    arguments |= {key: trained.arguments[key] for key in ("side", "seed")}
    after = (trained, features_job(options, name))
    return Job(trained.name.replace("gans/", "scores/"), f"{__name__}:score_side", arguments, after)


def describe_set(work: Path, folder: Path, *, name: str, weights: str) -> dict[str, Any]:
    """Describe real images once for all; held out are those of validation with no copy and no patient in training."""
    dataset, extractor = open_set(work, name), SqueezeNetExtractor(Path(weights))
    sides = {"train": dataset.train, "held_out": unmet(dataset.val, dataset.train)}
    for side, images in sides.items():
        found = described_subset(extractor, images)
        np.savez(folder / f"{side}.npz", features=found.features, probabilities=np.asarray(found.probabilities))
    return {"extractor": extractor.name} | {side: len(images) for side, images in sides.items()}


def real_described(work: Path, name: str, side: Literal["train", "held_out"]) -> Described:
    """Open what `describe_set` left."""
    with np.load(work / "features" / name / f"{side}.npz") as found:
        return Described(found["features"], found["probabilities"])


def synthetic_described(extractor: FeatureExtractor, sampler: ImageSampler, dataset: Dataset, count: int) -> Described:
    """Draw `count` images in the proportions of the training classes, the first of each class, and describe them."""
    shares = enumerate(proportional(dataset.train.counts, count))
    return Described.join([described(extractor, sampler.sample(label, range(int(n)))) for label, n in shares if n])


def score_side(work: Path, _folder: Path, *, name: str, of: str, side: Side, seed: int, weights: str) -> dict[str, Any]:
    """Score the images of one training."""
    dataset, extractor = open_set(work, name), SqueezeNetExtractor(Path(weights))
    real, held_out = real_described(work, name, "train"), real_described(work, name, "held_out")
    synthetic = synthetic_described(extractor, load(side, work / of, seed), dataset, len(real) // 2)
    found = score("overall", extractor.name, real, synthetic, held_out, config=ScoreConfig())
    return found.model_dump(mode="json")


@dataclass(frozen=True)
class Figure:
    """How far ours is from the floor, as a part of how far the peer is; means over the seeds.

    Attributes:
        measure: Which distance, with its features.
        count: Images on each side of it.
        ours: Distance of ours.
        peer: Distance of the peer.
        floor: Distance between halves of the real images.
        value: ``(ours - floor) / (peer - floor)``; None where the peer is no further off than the floor.
        low: Lower end, from ours' lower end and the peer's upper end; only where the distance has an interval.
        high: Upper end, likewise; None also where the peer's lower end lies at the floor.
        each: `value` seed by seed.
        ratio: The smallest nearest-neighbour ratio of ours over the seeds.
        peer_ratio: The same of the peer.
    """

    measure: str
    count: int
    ours: float
    peer: float
    floor: float
    value: float | None
    low: float | None
    high: float | None
    each: tuple[float | None, ...]
    ratio: float
    peer_ratio: float

    def verdict(self, goal: float) -> str:
        """Say whether the goal was reached; nothing counts where the images lie too near to the training images."""
        if not self.ratio >= VOID_BELOW:
            return "void"
        return "met" if self.value is not None and self.value <= goal else "missed"


def figure(ours: Sequence[Scores], peer: Sequence[Scores], images: int) -> Figure:
    """Compare two sides.

    Args:
        ours: Scores seed by seed.
        peer: The same of the peer.
        images: Training images: below 2,048 the kernel distance is compared.
    """
    leads: Leads = "frechet" if images >= FRECHET_LEADS_FROM else "kernel"
    mine, theirs = [_measures(side, leads) for side in (ours, peer)]
    floor = _mean(mine, "floor")
    excess = _mean(mine, "value") - floor, _mean(theirs, "value") - floor
    interval: tuple[float | None, float | None] = (None, None)
    if leads == "kernel":
        lows = part(_mean(mine, "low") - floor, _mean(theirs, "high") - floor)
        interval = lows, part(_mean(mine, "high") - floor, _mean(theirs, "low") - floor)
    return Figure(
        measure=mine[0].name,
        count=ours[0].count,
        ours=_mean(mine, "value"),
        peer=_mean(theirs, "value"),
        floor=floor,
        value=part(*excess),
        low=interval[0],
        high=interval[1],
        each=tuple(part(_known(a.value) - floor, _known(b.value) - floor) for a, b in zip(mine, theirs, strict=True)),
        ratio=min(_known(side.ratio.value) for side in ours),
        peer_ratio=min(_known(side.ratio.value) for side in peer),
    )


def part(above: float, below: float) -> float | None:
    """Return `above` as a part of `below`, or None where `below` is nothing."""
    return above / below if below > 0 else None


def _measures(side: Sequence[Scores], leads: Leads) -> list[Measure]:
    return [getattr(scores, leads) for scores in side]


def _mean(measures: Sequence[Measure], attribute: str) -> float:
    return fmean(_known(getattr(measure, attribute)) for measure in measures)


def _known(value: float | None) -> float:
    return float("nan") if value is None else value

"""Everything that the benchmarks know of our trainer; when it changes, this file does."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import torch

from benchmarks.gan.cost import Budget, Clock, Meter, cpu_seconds
from synthetyk.core import seeding
from synthetyk.core.progress import Progress, silent
from synthetyk.data.dataset import Dataset, Subset
from synthetyk.evaluation.candidate import CandidateConfig, CandidateScorer
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.training_distance import TrainingDistance
from synthetyk.models.gan_network import NetworkConfig
from synthetyk.pipeline.configs import gan_config
from synthetyk.pipeline.planner import Facts, make_plan
from synthetyk.pipeline.settings import Override, RunSettings
from synthetyk.pipeline.speeds import MeasuredSpeeds
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.batches import GANBatches
from synthetyk.training.candidates import Evaluate
from synthetyk.training.classifier import ClassifierConfig
from synthetyk.training.gan import GAN
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANResult, GANTrainer
from synthetyk.training.generator_file import load_generator
from synthetyk.training.monitor import Features
from synthetyk.training.noise_scale import Distance
from synthetyk.training.numerics import prepare_torch
from synthetyk.training.sampler import Sampler
from synthetyk.training.world import ALONE

TUTORIAL = {"latent": 100, "width": 64}  # the tutorial's layers, as our `dcgan` builds them
PILOT = 0.1  # of the budget at most, to measure the speed of a step
PILOT_SECONDS = 10.0  # which is long enough
PILOT_TICKS = 10  # the plan's 60 lines of metrics, 20 checkpoints and 12 looks in small, to measure what they cost
CALIBRATION_SECONDS = 2.0  # of the plan, for each precision
PRUDENCE = 0.93  # of what is left: a budget must not be exceeded, and a step costs more on a busy machine
LAST_SECONDS = 10.0  # that the last look, the choice of the noise's scale and the files of a training take
SCALES = 4  # of the noise that are usually tried at the end
GPU_THREADS = 8  # of the processor beside a GPU, which it judges the images with
LOOKS = 12  # at a training that is watched
FEATURES_STEPS = 300  # of the network that the trainer looks at its images with

Watch = Callable[[Sampler, float, float], None]


def train_ours(dataset: Dataset, cpu_budget: float, seed: int, threads: int, folder: Path) -> dict[str, Any]:
    """Plan and train as `synthetyk train` would, in about so many CPU seconds, calibration included.

    Where steps come to cost more than the plan measured, the training ends when they are used up.
    """
    meter = Meter(cpu_seconds)

    def ending(trainer: GANTrainer) -> None:
        if meter.seconds > cpu_budget - LAST_SECONDS:
            trainer.at.lost = trainer.total_steps - trainer.at.step

    config, result = _train(_Wish(dataset, cpu_budget, seed, threads), folder, cpu_seconds, ending)
    findings = [str(finding) for finding in result.findings]
    said = {"chosen": result.chosen, "rollbacks": result.rollbacks, "findings": findings}
    return {"kimg": result.kimg, "planned_kimg": config.kimg, "precision": config.precision, **said}


def load_ours(folder: Path, seed: int) -> Sampler:
    """Open the generator that `train_ours` left; `seed` is that of the images."""
    return load_generator(folder / "generator.safetensors").sampler(seed)


def train_watched(dataset: Dataset, seconds: float, seed: int, folder: Path, watch: Watch) -> GANResult:
    """Train with the recipe `gpu` for about so many seconds of wall time.

    Args:
        dataset: The data.
        seconds: Wall time, without what `watch`, the plan and its measuring take.
        seed: Of the training.
        folder: Where to train.
        watch: Told now and then the generator as it is, the seconds and the kimg so far.
    """
    away, last = [0.0], [0.0]

    def look(trainer: GANTrainer) -> None:
        began = meter.seconds
        if trainer.kimg - last[0] >= trainer.config.kimg / LOOKS:
            last[0] = trainer.kimg
            watch(trainer.sampler, began - away[0], trainer.kimg)
        away[0] += meter.seconds - began

    threads = min(GPU_THREADS, len(os.sched_getaffinity(0)))
    wish = _Wish(dataset, seconds, seed, threads, recipe="gpu")
    wish, judge, speed = _prepared(wish, folder, PILOT_SECONDS, monotonic)
    config = wish.config(PRUDENCE * speed * seconds / 1000)
    meter = Meter(monotonic)
    return _fit(config, dataset.train, folder, look, judge=judge)


def tutorial_trainer(images: Subset, precision: Literal["fp32", "bf16"], batch: int, threads: int) -> Callable[[], int]:
    """Return what makes one step of our trainer with the tutorial's network, and tells how many images that were."""
    channels, resolution, _ = images.shape
    network = NetworkConfig(resolution=resolution, channels=channels, **TUTORIAL)
    config = GANConfig(network=network, batch_size=batch, precision=precision, threads=threads, balanced=False)
    gan, batches, numbers = GAN(config), GANBatches(config, images, ALONE.share(batch)), count()

    def step() -> int:
        prepare_torch(threads)
        number = next(numbers)
        gan.train_step(*batches.at(number), number)
        return batch

    return step


@dataclass(frozen=True)
class Plain:
    """How the source of the comparison of optimisers trains: one class, no average, no way back.

    Attributes:
        optimizer: Of both networks.
        rate: Learning rate of both.
        batch: Images per step.
        epochs: Each as many whole batches as the images fill.
        seed: Of everything random.
        threads: Of torch.
    """

    optimizer: Literal["adam", "rmsprop"]
    rate: float
    batch: int
    epochs: int
    seed: int
    threads: int


def train_plain(images: Subset, how: Plain, folder: Path, watch: Callable[[Sampler, int], None]) -> GANResult:
    """Train a DCGAN; `watch` is told generator and epoch after half of the epochs and after all."""
    channels, resolution, _ = images.shape
    epoch_kimg = len(images) // how.batch * how.batch / 1000
    config = GANConfig(
        network=NetworkConfig(resolution=resolution, channels=channels, **TUTORIAL),
        batch_size=how.batch,
        optimizer=how.optimizer,
        learning_rate_g=how.rate,
        learning_rate_d=how.rate,
        ema_half_life_kimg=0,
        kimg=how.epochs * epoch_kimg,
        seed=how.seed,
        tick_kimg=epoch_kimg,
        sample_kimg=how.epochs // 2 * epoch_kimg,
        checkpoint_kimg=how.epochs // 2 * epoch_kimg,
        balanced=False,
        threads=how.threads,
        device="cuda" if torch.cuda.is_available() else "cpu",
        max_rollbacks=0,
    )

    def look(trainer: GANTrainer) -> None:
        epoch = round(trainer.kimg / epoch_kimg)
        if epoch in (how.epochs // 2, how.epochs):
            watch(trainer.sampler, epoch)

    return _fit(config, images, folder, look)


@dataclass(frozen=True)
class _Wish:
    """What is to be trained; the plan's rules choose the rest.

    Attributes:
        dataset: The data.
        seconds: The budget: of CPU time, with the recipe `gpu` of wall time.
        seed: Of the training.
        threads: Of torch.
        recipe: The recipe; None leaves it to the plan.
        precision: Of the computing; None leaves it to the plan, which measures it.
    """

    dataset: Dataset
    seconds: float
    seed: int
    threads: int
    recipe: str | None = None
    precision: str | None = None

    def config(self, kimg: float | None = None) -> GANConfig:
        """Return the plan's settings for so many kimg, or for as many as it thinks right."""
        train, names = self.dataset.train, self.dataset.class_names
        channels, size, _ = train.shape
        facts = Facts(tuple(train.counts.tolist()), names, size, 1.0, channels == 3, self.threads)
        fixed = {"resolution": size, "threads": self.threads, "gan_kimg": kimg}
        fixed |= {"classifier_steps": 1, "features_steps": 1}  # so that nothing is measured for them
        fixed |= {"gan_recipe": self.recipe, "gan_precision": self.precision}
        fixed |= {"device": "cuda" if self.recipe == "gpu" else None}
        overrides = {name: Override(value=value, origin="config file") for name, value in fixed.items() if value}
        seconds = self.seconds if self.recipe == "gpu" else self.seconds / self.threads  # wall time, or CPU time
        settings = RunSettings(dataset="benchmark", goal="train", budget_seconds=seconds, overrides=overrides)
        plan = make_plan(facts, settings, MeasuredSpeeds(CALIBRATION_SECONDS)).values
        return gan_config(plan, classes=len(names), seed=seeding.derive(self.seed, "benchmark/ours"))


def _train(
    wish: _Wish, folder: Path, clock: Clock, look: Callable[[GANTrainer], None] | None = None
) -> tuple[GANConfig, GANResult]:
    """Measure speed and looks, then train for as many kimg as the rest of the budget allows."""
    meter, images = Meter(clock), wish.dataset.train
    wish, judge, speed = _prepared(wish, folder, min(PILOT * wish.seconds, PILOT_SECONDS), clock)
    looks = _looks(wish.config(1.0), images, folder / "pilot", speed, clock, judge=judge)
    config = wish.config(max(1.0, PRUDENCE * speed * (wish.seconds - meter.seconds - looks) / 1000))
    return config, _fit(config, images, folder, look, judge=judge)


def _prepared(wish: _Wish, folder: Path, pilot: float, clock: Clock) -> tuple[_Wish, "_Judge", float]:
    """Settle the precision, make the judge, and measure real images per second of the clock for `pilot` seconds."""
    wish = replace(wish, precision=wish.config().precision)
    judge = _Judge.of(wish, folder / "features")
    return wish, judge, _speed(wish.config(1.0), wish.dataset.train, folder / "pilot", pilot, clock)


@dataclass(frozen=True)
class _Judge:
    """What a trainer judges its own images with, as the pipeline gives it to it."""

    features: Features
    evaluate: Evaluate
    distance: Distance | None

    @classmethod
    def of(cls, wish: _Wish, folder: Path) -> "_Judge":
        """Train the feature network and prepare the scores."""
        train, val = wish.dataset.train, wish.dataset.val
        config = ClassifierConfig(steps=FEATURES_STEPS, augment="classical", balance="oversample", threads=wish.threads)
        LearnedExtractor.fit(train, val, config.replace(seed=wish.seed), folder)
        extractor = LearnedExtractor.open(folder)
        looks = CandidateConfig(threads=wish.threads, seed=wish.seed)
        distance = TrainingDistance(train, extractor, wish.seed)
        return cls(extractor.features, CandidateScorer(train, val, extractor, looks), distance)


def _speed(config: GANConfig, images: Subset, folder: Path, seconds: float, clock: Clock) -> float:
    """Train for some seconds and forget it; return real images per second of the clock, the first steps left out."""
    budget, points = Budget(seconds, clock), [(clock(), 0.0)]

    def told(done: float, *_: object, **__: object) -> None:
        points.append((clock(), done))
        if len(points) > 4 and not budget.another():
            raise _EnoughError

    try:
        _fit(config.replace(kimg=1e6, tick_kimg=1e6), images, folder, progress=told)
    except _EnoughError:
        shutil.rmtree(folder)
    (began, first), (ended, last) = points[len(points) // 4], points[-1]
    return 1000 * (last - first) / (ended - began)


def _looks(config: GANConfig, images: Subset, folder: Path, speed: float, clock: Clock, *, judge: _Judge) -> float:
    """Return the seconds that a training spends on all but its steps: looks, sheets, checkpoints, the noise's scale."""
    step = config.batch_size / 1000
    part = PILOT_TICKS / 60
    spaces = {"tick_kimg": step, "checkpoint_kimg": 3 * step, "sample_kimg": PILOT_TICKS * step / 2}
    meter = Meter(clock)
    _fit(config.replace(kimg=PILOT_TICKS * step, **spaces), images, folder, judge=replace(judge, distance=None))
    spent = meter.seconds - 1000 * PILOT_TICKS * step / speed
    meter = Meter(clock)
    if judge.distance:
        sampler = load_ours(folder, 0)
        sampler.generator.to(config.device)
        judge.distance(sampler)
    shutil.rmtree(folder)
    return max(0.0, spent) / part + SCALES * meter.seconds


def _fit(
    config: GANConfig,
    images: Subset,
    folder: Path,
    look: Callable[[GANTrainer], None] | None = None,
    *,
    progress: Progress = silent,
    judge: _Judge | None = None,
) -> GANResult:
    tracker = JsonlTracker(folder / "metrics.jsonl")
    try:
        judging = vars(judge) if judge else {}
        trainer = _Watched(config, images, folder, tracker, progress=progress, **judging)
        trainer.told = look
        return trainer.fit()
    finally:
        tracker.close()


class _Watched(GANTrainer):
    """Tells what it has become after each tick."""

    told: Callable[[GANTrainer], None] | None = None

    def train_tick(self) -> dict[str, float]:
        values = super().train_tick()
        if self.told:
            self.told(self)
        return values


class _EnoughError(Exception):
    """The speed is known."""

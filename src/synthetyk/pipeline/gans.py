"""Trains the GANs of a run: one in this process, several side by side in processes of their own."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from pathlib import Path

from synthetyk.core import seeding
from synthetyk.core.errors import TrainingError
from synthetyk.core.processes import serve_parent, worker
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.dataset import Subset
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.sampling import proportional
from synthetyk.metrics.frechet import FeatureStatistics, frechet_distance
from synthetyk.pipeline.configs import gan_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, open_run
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.training.gan import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.sampler import Sampler

WATCHED = 500  # images on each side of the distance that is watched during the training


def config_of(run: RunFolder, index: int) -> GANConfig:
    """Return the settings of the GAN with this seed index."""
    plan, classes = Plan.load(run.plan).values, len(open_cache(run.cache).class_names)
    return gan_config(plan, classes=classes, seed=seeding.derive(run.settings().seed, f"gan/{index}"))


def train_gans(run: RunFolder, progress: Progress) -> None:
    """Train every GAN that the plan asks for; those that were stopped go on.

    Raises:
        TrainingError: There are too few images, or a training failed.
        DivergedError: A training diverged beyond repair.
    """
    count = Plan.load(run.plan).values.gan_seeds
    if count == 1:
        train_gan(run, 0, progress)
    else:
        _side_by_side(run, count, progress)


def train_gan(run: RunFolder, index: int, progress: Progress) -> None:
    """Train the GAN with this seed index in its folder."""
    train, folder = open_cache(run.cache).train, run.replica(index)
    extractor = LearnedExtractor.open(run.features)
    tracker = JsonlTracker(folder / "metrics.jsonl")
    try:
        GANTrainer(
            config_of(run, index),
            train,
            folder,
            tracker,
            features=extractor.features,
            evaluate=_watch(train, extractor),
            progress=progress,
        ).fit()
    finally:
        tracker.close()


def _watch(train: Subset, extractor: LearnedExtractor) -> Callable[[Sampler, int], Mapping[str, float]]:
    """Return a function that measures how far generated images are from training images at each sample sheet."""
    order = seeding.generator(0, "train/watch").permutation(len(train))[:WATCHED]
    real = train.select(order)
    statistics = FeatureStatistics.of(extractor.features(real.all()))

    def watch(sampler: Sampler, _kimg: int) -> Mapping[str, float]:
        features = FeatureStatistics()
        shares = proportional(real.counts, len(real)) if sampler.classes else [len(real)]
        for label, share in enumerate(shares):
            if share:
                images = sampler.sample(label if sampler.classes else None, range(int(share)))
                features.update(extractor.features(images))
        return {f"FD[{extractor.name}]": frechet_distance(statistics, features)}

    return watch


def _side_by_side(run: RunFolder, count: int, progress: Progress) -> None:
    done, totals, messages = [0.0] * count, [0.0] * count, [""] * count
    with ExitStack() as stack:
        open_ends = {stack.enter_context(worker(_work, run.path, index)): index for index in range(count)}
        while open_ends:
            for end in [end for end in wait(list(open_ends)) if isinstance(end, Connection)]:
                index = open_ends[end]
                said = _receive(end, index)
                if said is None:
                    del open_ends[end]
                    continue
                done[index], totals[index], messages[index] = said
                progress(sum(done), max(sum(totals), max(totals) * count), f"GAN {index + 1}: {messages[index]}")


def _receive(end: Connection, index: int) -> tuple[float, float, str] | None:
    """Return a progress report, or None if this GAN is trained."""
    try:
        said: tuple[float, float, str] | Exception | None = end.recv()
    except (EOFError, ConnectionResetError) as error:
        raise TrainingError(
            f"The process that trained GAN {index + 1} was killed",
            action="If memory ran out set gan_seeds=1 or a smaller gan_width; the same command goes on from there",
        ) from error
    if isinstance(said, Exception):
        raise said
    return said


def _work(end: Connection, path: Path, index: int) -> None:
    serve_parent()
    try:
        train_gan(open_run(path), index, lambda done, total, message="": end.send((done, total, message)))
    except Exception as error:
        end.send(error)
    else:
        end.send(None)

"""Trains the GANs of a run: one in this process, several side by side in processes of their own."""

import logging
from collections.abc import Collection
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from pathlib import Path

from synthetyk.core import seeding
from synthetyk.core.errors import TrainingError
from synthetyk.core.processes import serve_parent, worker
from synthetyk.core.progress import Progress
from synthetyk.data.cache import open_cache
from synthetyk.data.dataset import Dataset
from synthetyk.data.images_met import ImagesMet
from synthetyk.evaluation.candidate import CandidateConfig, CandidateScorer
from synthetyk.evaluation.extractors.learned import LearnedExtractor
from synthetyk.evaluation.training_distance import TrainingDistance
from synthetyk.pipeline.configs import gan_config
from synthetyk.pipeline.plan import Plan
from synthetyk.pipeline.run_folder import RunFolder, open_run
from synthetyk.pipeline.trackers import tell_missed, training_tracker
from synthetyk.tracking.tracker import NullTracker
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.gan_trainer import GANTrainer
from synthetyk.training.generator_file import met_file
from synthetyk.training.world import ALONE, World, current_world

log = logging.getLogger(__name__)


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
    count, world = Plan.load(run.plan).values.gan_seeds, current_world()
    if world.size > 1:
        world.agree(str(run.path.resolve()))
        for index in range(count):
            train_gan(run, index, progress, world)
    elif count == 1:
        train_gan(run, 0, progress)
    else:
        _side_by_side(run, count, progress)


def follow_gans(run: RunFolder, world: World) -> None:
    """Train along with the process that called `train_gans`."""
    for index in range(Plan.load(run.plan).values.gan_seeds):
        train = open_cache(run.cache).train
        GANTrainer(config_of(run, index), train, run.replica(index), NullTracker(), world=world).fit()


def train_gan(run: RunFolder, index: int, progress: Progress, world: World = ALONE) -> None:
    """Train the GAN with this seed index in its folder."""
    dataset, folder, config = open_cache(run.cache), run.replica(index), config_of(run, index)
    extractor = LearnedExtractor.open(run.features)
    looks = CandidateConfig(threads=config.threads, seed=config.seed)
    scorer = CandidateScorer(dataset.train, dataset.val, extractor, looks)
    _note_met(dataset, run.generator_of(index))
    if scorer.note:
        log.warning("%s.", scorer.note)
    with training_tracker(run, index, config.model_dump(mode="json")) as tracker:
        GANTrainer(
            config,
            dataset.train,
            folder,
            tracker,
            features=extractor.features,
            evaluate=scorer,
            distance=TrainingDistance(dataset.train, extractor, config.seed),
            progress=progress,
            world=world,
        ).fit()
        tracker.keep(folder / "generator.json")


def _note_met(dataset: Dataset, generator: Path) -> None:
    """Write down which images a generator meets before it meets them: no generator ever lies beside another's."""
    met = ImagesMet.of(dataset)
    if met:
        met.save(met_file(generator))
    else:
        met_file(generator).unlink(missing_ok=True)


def tell_trainings(run: RunFolder, trackers: Collection[str]) -> None:
    """Tell trackers, by name, what they have missed of the run's GANs, which are trained."""
    for index in range(Plan.load(run.plan).values.gan_seeds):
        tell_missed(run, trackers, index, config_of(run, index).model_dump(mode="json"))


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

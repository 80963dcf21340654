"""What tracking costs a training of a hundred short epochs, beside JSON lines alone.

A GAN of 28x28 pixels trains for a hundred epochs of 640 images, with a line of metrics after each. It reports to JSON
lines, and to MLflow or Weights & Biases beside them as a run does: the store of the run is opened before, and the
training is over when all is delivered. Every training has a process of its own; the trackers take turns, in every
other round backwards. Medians, and the median of each round's time over that of JSON lines in the same round, which
other work on the machine moves by several percent; ``beside_seconds`` are those of the processor in other threads than
the training's, which it does not move much.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import monotonic, process_time, thread_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.data.dataset import Subset
from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.jsonl import JsonlTracker
from synthetyk.tracking.registry import open_tracker
from synthetyk.tracking.several import SeveralTrackers
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import NullTracker, closing
from synthetyk.training.gan_trainer import GANConfig, GANTrainer

ALONE, OTHERS = "jsonl", ("mlflow", "wandb")
EPOCHS, IMAGES, ROUNDS = 100, 640, 5
ALLOWED = 1.03


def main(options: Options) -> list[str]:
    options.work.mkdir(parents=True, exist_ok=True)
    epochs, names = max(2, round(EPOCHS * options.scale)), (ALONE, *options.rows(OTHERS))
    turns = [names[:: (1, -1)[number % 2]] for number in range(options.seeds or ROUNDS)]
    rounds = [{name: _fresh(name, epochs, options) for name in turn} for turn in turns]
    rows = [_row(name, rounds) for name in names]
    write("tracking", rows, folder=options.results, about=__doc__, epochs=epochs, rounds=rounds, scale=options.scale)
    return [f"tracking: {row['tracker']}" for row in rows if row["over_jsonl"] > ALLOWED]


def _row(name: str, rounds: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    figures = {key: round(median(each[name][key] for each in rounds), 2) for key in rounds[0][name]}
    ratio = median(each[name]["seconds"] / each[ALONE]["seconds"] for each in rounds)
    return {"tracker": name, **figures, "over_jsonl": round(ratio, 4)}


def _fresh(name: str, epochs: int, options: Options) -> dict[str, float]:
    with (
        TemporaryDirectory(dir=options.work, prefix="tracking-") as folder,
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh,
    ):
        found = fresh.submit(train, name, Path(folder), epochs, options.threads).result()
    print(f"{name}: {found}", flush=True)
    return found


def train(name: str, run: Path, epochs: int, threads: int) -> dict[str, float]:
    """Train once; return the seconds of opening, of the training, and those of the processor during the training.

    The last are told for all threads together and for those beside the one that trains.
    """
    others = () if name == ALONE else (name,)
    began = monotonic()
    with ExitStack() as stack:
        whole = stack.enter_context(closing(SeveralTrackers(NullTracker(), _guarded(others, Subject(run=run)))))
        whole.wait_open()
        opened, before, here = monotonic(), process_time(), thread_time()
        metrics = run / "metrics.jsonl"
        gan = Subject(run=run, part="gan-0", metrics=metrics)
        with closing(SeveralTrackers(JsonlTracker(metrics), _guarded(others, gan))) as tracker:
            GANTrainer(_config(epochs, threads), _images(), run, tracker).fit()
        ended, busy, training = monotonic(), process_time() - before, thread_time() - here
        missing = set(others) - {each.name for each in tracker.others}
        if missing:
            raise RuntimeError(f"{', '.join(missing)} was left out: nothing was measured")
        times = {"opening": opened - began, "seconds": ended - opened}
        return times | {"cpu_seconds": busy, "beside_seconds": busy - training}


def _guarded(names: Sequence[str], subject: Subject) -> list[GuardedTracker]:
    return [GuardedTracker(name, partial(open_tracker, name, subject)) for name in names]


def _config(epochs: int, threads: int) -> GANConfig:
    kimg = IMAGES / 1000
    network = {"resolution": 28, "channels": 1, "classes": 2, "width": 24}
    lengths = {"kimg": epochs * kimg, "tick_kimg": kimg, "checkpoint_kimg": 10 * kimg, "sample_kimg": epochs * kimg}
    return GANConfig.parse({"network": network, "batch_size": 64, "threads": threads, **lengths})


def _images() -> Subset:
    images: NDArray[np.uint8] = np.random.default_rng(0).integers(0, 256, (IMAGES, 1, 28, 28), dtype=np.uint8)
    rows = np.arange(IMAGES)
    return Subset(images, rows, rows % 2, rows, ("one", "other"))


if __name__ == "__main__":
    main(Options())

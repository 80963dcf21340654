"""Whom a run reports to: JSON lines always, and whatever trackers its settings name."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from synthetyk.pipeline.run_folder import RunFolder, load_present
from synthetyk.pipeline.settings import RunSettings
from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.registry import open_tracker
from synthetyk.tracking.several import SeveralTrackers
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import NullTracker, Tracker, closing

METRICS = "metrics.jsonl"


@contextmanager
def training_tracker(run: RunFolder, index: int, settings: Mapping[str, Any]) -> Iterator[Tracker]:
    """Yield what the GAN with this seed index reports to.

    Args:
        run: Its run.
        index: Its seed index.
        settings: How it is trained.
    """
    subject = _training(run, index, settings)
    with closing(SeveralTrackers(JsonlTracker.open(subject), guarded(run.settings().trackers, subject))) as tracker:
        yield tracker


def tell_missed(run: RunFolder, names: Iterable[str], index: int, settings: Mapping[str, Any]) -> None:
    """Tell trackers what they have missed of a GAN that is trained: they were away, or have been chosen since.

    Args:
        run: Its run.
        names: Of the trackers.
        index: Its seed index.
        settings: How it was trained.
    """
    tell_late(_training(run, index, settings), names, keep=run.generator_of(index).with_suffix(".json"))


def tell_late(subject: Subject, names: Iterable[str], *, keep: Path | None = None) -> None:
    """Tell trackers what they have missed of a training that is done.

    Args:
        subject: The training; its metrics hold what there is to tell.
        names: Of the trackers.
        keep: A file that they are to keep a copy of.
    """
    lines = read_jsonl(subject.metrics) if subject.metrics else ()
    last = max((line["step"] for line in lines), default=-1)
    late = [name for name in names if Bookmark(subject, name).step < last]
    with closing(SeveralTrackers(NullTracker(), guarded(late, subject))) as tracker:
        tracker.rewind(last)
        if keep:
            tracker.keep(keep)


@contextmanager
def run_tracker(run: RunFolder) -> Iterator[SeveralTrackers | None]:
    """Yield what a run as a whole reports to; None if to nobody: its results are in its files, without JSON lines.

    Trackers are open before the block begins: what is measured in it, such as speeds, is not disturbed by that.
    """
    asked = load_present(RunSettings, run.config)
    if asked is None or not asked.trackers:
        yield None
        return
    others = guarded(asked.trackers, whole(run))
    with closing(SeveralTrackers(NullTracker(), others)) as tracker:
        tracker.wait_open()
        yield tracker


def whole(run: RunFolder) -> Subject:
    """Return the run as a whole, as trackers know it."""
    asked = run.settings()
    settings = {"dataset": Path(asked.dataset).name, "seed": asked.seed, "budget_seconds": asked.budget_seconds}
    return Subject(run=run.path, settings=settings)


def _training(run: RunFolder, index: int, settings: Mapping[str, Any]) -> Subject:
    metrics = run.replica(index) / METRICS
    return Subject(run=run.path, part=f"gan-{index}", settings=dict(settings), metrics=metrics)


def guarded(names: Iterable[str], subject: Subject) -> list[GuardedTracker]:
    """Open trackers, by name, in threads of their own."""
    return [GuardedTracker(name, partial(open_tracker, name, subject)) for name in names]

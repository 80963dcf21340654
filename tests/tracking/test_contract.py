"""Every built-in tracker keeps the contract, and so do those that hand on to others."""

import math
from functools import partial

import pytest

from synthetyk.tracking.contract import Recorded, TrackerContract
from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.registry import TRACKERS, open_tracker
from synthetyk.tracking.several import SeveralTrackers


def recorded_in(path):
    """Return what stands in a file of JSON lines."""
    recorded = Recorded()
    for line in read_jsonl(path):
        step = line.pop("step")
        if "event" in line:
            recorded.events.append((step, line["event"], line["message"]))
            continue
        for name, value in line.items():
            recorded.values.setdefault(name, []).append((step, math.nan if value is None else value))
    return recorded


class TestJsonl(TrackerContract):
    def open(self, subject):
        return open_tracker("jsonl", subject)

    def read(self, subject):
        return recorded_in(subject.metrics)


class TestGuarded(TestJsonl):
    def open(self, subject):
        return GuardedTracker("jsonl", partial(open_tracker, "jsonl", subject))


class TestSecondOfSeveral(TestJsonl):
    def open(self, subject):
        second = GuardedTracker("jsonl", partial(JsonlTracker, subject.run / "second.jsonl"))
        return SeveralTrackers(JsonlTracker(subject.metrics), [second])

    def read(self, subject):
        return recorded_in(subject.run / "second.jsonl")

    # JSON lines are no tracker that learns from the file of another.
    test_it_learns_from_the_metrics_file_what_it_was_not_told = None


class TestMlflow(TrackerContract):
    @pytest.fixture(autouse=True)
    def _with(self, one_store, recorded_by_mlflow):
        self.read = recorded_by_mlflow

    def open(self, subject):
        return open_tracker("mlflow", subject)


class TestWandb(TrackerContract):
    @pytest.fixture(autouse=True)
    def _with(self, recorded_by_wandb):
        self.read = recorded_by_wandb

    def open(self, subject):
        return open_tracker("wandb", subject)


def test_every_built_in_is_tested_here():
    assert set(TRACKERS.names()) >= {"jsonl", "mlflow", "wandb"}

from dataclasses import replace

import pytest

from synthetyk.pipeline.experiments import pace as module
from synthetyk.pipeline.experiments.images import Images
from synthetyk.pipeline.experiments.pace import Pace
from synthetyk.pipeline.experiments.training import Training
from synthetyk.training.classifier import ClassifierConfig


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_work_is_counted_in_seconds_of_each_kind(clock, tmp_path):
    quick = Training("quick", 0, tmp_path, Images(tmp_path, ""), ClassifierConfig(steps=100))
    slow = replace(quick, name="slow", config=ClassifierConfig(encoder="resnet50", steps=100))
    pace = Pace([quick, slow])
    pace.moved(quick, 0)
    clock.now = 10
    pace.moved(quick, 50)
    assert (pace.done, pace.total) == (10, 40)  # what is not known yet is taken for the same
    pace.moved(slow, 0)
    clock.now = 30
    pace.moved(slow, 10)
    assert (pace.done, pace.total) == (30, 220)


def test_what_has_ended_early_is_done(clock, tmp_path):
    training = Training("quick", 0, tmp_path, Images(tmp_path, ""), ClassifierConfig(steps=100))
    pace = Pace([training])
    pace.moved(training, 3)
    pace.ended(training)
    assert pace.done == pace.total

"""How much work is left: steps are weighed by the seconds that they take, which differ widely between encoders."""

import time
from collections.abc import Sequence

from synthetyk.pipeline.experiments.training import Training

Kind = tuple[str, int, str]


class Pace:
    """Knows how far trainings are that go on side by side.

    Args:
        trainings: All that have to be done.
    """

    def __init__(self, trainings: Sequence[Training]) -> None:
        self._steps = {training.title: training.steps for training in trainings}
        self._kinds = {training.title: _kind(training) for training in trainings}
        self._done = dict.fromkeys(self._steps, 0.0)
        self._begun: dict[str, float] = {}
        self._seconds: dict[Kind, float] = {}

    def moved(self, training: Training, done: float) -> None:
        """Take note of how many steps of a training are done."""
        now = time.monotonic()
        started = self._begun.setdefault(training.title, now)
        self._done[training.title] = done
        if done and now > started:
            self._seconds[_kind(training)] = (now - started) / done

    def ended(self, training: Training) -> None:
        """Take note that a training has ended, perhaps before its last step."""
        self._done[training.title] = self._steps[training.title]

    @property
    def done(self) -> float:
        """Seconds of work done, of one process."""
        return sum(done * self._weight(title) for title, done in self._done.items())

    @property
    def total(self) -> float:
        """Seconds of work in all, of one process."""
        return sum(steps * self._weight(title) for title, steps in self._steps.items())

    def _weight(self, title: str) -> float:
        """Return seconds for each step; of a kind that has not begun yet the mean of those that have."""
        known = self._seconds
        return known.get(self._kinds[title], sum(known.values()) / len(known) if known else 1.0)


def _kind(training: Training) -> Kind:
    """Return what decides how long a step takes, for the most part."""
    return training.config.encoder, training.config.batch_size, training.images.folder.name

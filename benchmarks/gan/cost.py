"""What a training costs: CPU seconds, user and system, of its process and that process's ended children."""

import os
from collections.abc import Callable

Clock = Callable[[], float]


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and its ended children so far, in steps of 10 ms."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


class Meter:
    """Counts from when it is made."""

    def __init__(self, clock: Clock = cpu_seconds) -> None:
        self._clock, self._began = clock, clock()

    @property
    def seconds(self) -> float:
        return self._clock() - self._began


class Budget:
    """Allows steps until as near to a number of seconds as whole steps come; one step at least."""

    def __init__(self, seconds: float, clock: Clock = cpu_seconds) -> None:
        self.seconds, self.steps = seconds, 0
        self._meter = Meter(clock)

    def another(self) -> bool:
        """Tell whether one more step is to be made; ask before each."""
        spent = self._meter.seconds
        if self.steps and spent + spent / self.steps / 2 > self.seconds:
            return False
        self.steps += 1
        return True

import resource
import subprocess
import sys

import pytest
from benchmarks.gan.cost import Budget, Meter


def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def test_the_cost_is_user_and_system_time_of_the_process_and_its_ended_children():
    meter = Meter()
    before = used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    sum(range(1_000_000))
    after = used(resource.RUSAGE_SELF) + used(resource.RUSAGE_CHILDREN)
    assert meter.seconds == pytest.approx(after - before, abs=0.05)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def steps_within(seconds, step):
    clock = Hand()
    budget = Budget(seconds, clock)
    while budget.another():
        clock.now += step
    return budget.steps


@pytest.mark.parametrize(("seconds", "step", "steps"), [(10, 1, 10), (10, 3, 3), (11, 3, 4), (1, 5, 1), (10, 0.3, 33)])
def test_a_budget_ends_at_the_nearest_whole_step_and_allows_one_at_least(seconds, step, steps):
    assert steps_within(seconds, step) == steps

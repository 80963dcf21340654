from contextlib import contextmanager

import pytest

from synthetyk.core.errors import RunLockedError
from synthetyk.core.progress import silent
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.runner import run_stages
from synthetyk.pipeline.stage import Stage


class Recorder:
    def __init__(self):
        self.seen = []

    @contextmanager
    def stage(self, stage):
        self.seen.append(f"begins {stage.name}")
        yield silent

    def ended(self, outcome):
        self.seen.append(f"ended {outcome.stage.name}")


def stage(name, work=lambda run, progress: None):
    return Stage(name, "Does something.", (), (), work)


def test_stages_run_in_order_and_are_shown(tmp_path):
    display = Recorder()
    run_stages(RunFolder(tmp_path), [stage("one"), stage("two")], display)
    assert display.seen == ["begins one", "ended one", "begins two", "ended two"]


def test_a_failure_keeps_what_was_done_before(tmp_path):
    def fail(run, progress):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        run_stages(RunFolder(tmp_path), [stage("one"), stage("bad", fail)], Recorder())
    assert (tmp_path / "stages/one.json").exists()


def test_a_folder_in_use_is_not_touched(tmp_path):
    with locked(tmp_path), pytest.raises(RunLockedError):
        run_stages(RunFolder(tmp_path), [stage("one")], Recorder())
    assert not (tmp_path / "stages").exists()

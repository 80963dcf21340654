from dataclasses import replace

import pytest

from synthetyk.cli import work as module
from synthetyk.cli.work import work
from synthetyk.core.errors import RunLockedError, TrainingError
from synthetyk.pipeline.begin import begin_run
from synthetyk.pipeline.lock import locked
from synthetyk.pipeline.stages import BY_NAME

ASTRAY = TrainingError("The losses went astray")


def failing(name, error=ASTRAY):
    def fail(run, progress):
        raise error

    return replace(BY_NAME[name], work=fail)


@pytest.fixture
def run(tmp_path, tiny_settings):
    return begin_run(tmp_path / "run", tiny_settings("phantom:n=30,size=28"))


BEFORE = [BY_NAME["fingerprint"], BY_NAME["plan"]]


def test_a_run_that_fails_leaves_a_report_that_says_so(run, capsys):
    with pytest.raises(TrainingError, match="The losses went astray"):
        work(run, [*BEFORE, failing("cache"), BY_NAME["report"]])
    page = run.report.read_text()
    assert "The losses went astray." in page
    assert "30 images" in page
    assert str(run.report) in capsys.readouterr().out.replace("\n", "")


def test_the_next_run_writes_the_report_anew(run):
    with pytest.raises(TrainingError):
        work(run, [*BEFORE, failing("cache"), BY_NAME["report"]])
    work(run, [*BEFORE, BY_NAME["cache"], BY_NAME["report"]])
    assert "went astray" not in run.report.read_text()


def test_an_error_of_the_report_does_not_hide_the_first(run, monkeypatch):
    def broken(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(module, "report_failure", broken)
    with pytest.raises(TrainingError, match="The losses went astray"):
        work(run, [*BEFORE, failing("cache"), BY_NAME["report"]])


def test_a_single_stage_that_fails_writes_no_report(run):
    with pytest.raises(TrainingError):
        work(run, [*BEFORE, failing("cache")])
    assert not run.report.exists()


def test_a_stop_by_the_user_is_no_failure(run):
    with pytest.raises(KeyboardInterrupt):
        work(run, [*BEFORE, failing("cache", KeyboardInterrupt()), BY_NAME["report"]])
    assert not run.report.exists()


def test_without_a_fingerprint_there_is_nothing_to_report(run):
    with pytest.raises(TrainingError):
        work(run, [failing("fingerprint"), BY_NAME["report"]])
    assert not run.report.exists()


def test_the_report_of_a_run_that_another_process_owns_is_left_alone(run):
    work(run, BEFORE)
    with locked(run.path), pytest.raises(RunLockedError):
        work(run, [*BEFORE, BY_NAME["report"]])
    assert not run.report.exists()

import dataclasses
import time

import numpy as np
import pytest

from synthetyk.core.artifacts import read_json, write_json
from synthetyk.core.errors import ArtifactError, NotApplicableError
from synthetyk.core.progress import silent
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.stage import Stage, StageRecord, record_path, run_stage


@pytest.fixture
def run(tmp_path):
    (tmp_path / "in.txt").write_text("1")
    return RunFolder(tmp_path)


def doubling(calls, settings=None):
    def work(run, progress):
        calls.append(1)
        (run / "out.txt").write_text((run / "in.txt").read_text() * 2)

    return Stage("double", "Doubles.", ("in.txt",), ("out.txt",), work, settings or (lambda run: {}))


def test_a_stage_runs_once_and_is_then_skipped(run):
    calls = []
    first, second = (run_stage(doubling(calls), run, silent) for _ in range(2))
    assert (first.skipped, second.skipped, len(calls)) == (False, True, 1)
    assert second.record == first.record


@pytest.mark.parametrize("change", ["input", "output", "settings", "record"])
def test_a_stage_runs_again_when_something_changed(run, change):
    calls = []
    run_stage(doubling(calls), run, silent)
    if change == "input":
        (run / "in.txt").write_text("2")
    elif change == "output":
        (run / "out.txt").write_text("tampered")
    elif change == "record":
        (run / "stages/double.json").write_text("{")
    settings = (lambda run: {"factor": 3}) if change == "settings" else None
    assert not run_stage(doubling(calls, settings), run, silent).skipped
    assert len(calls) == 2


def test_a_touched_file_with_the_same_contents_changes_nothing(run):
    calls = []
    run_stage(doubling(calls), run, silent)
    (run / "in.txt").write_text("1")
    assert run_stage(doubling(calls), run, silent).skipped


def test_a_missing_input_says_which_stage_wants_it(run):
    (run / "in.txt").unlink()
    with pytest.raises(ArtifactError, match=r"in.txt is missing, which the stage 'double' reads"):
        run_stage(doubling([]), run, silent)


def test_a_stage_that_does_not_apply_keeps_its_reason(run):
    def work(run, progress):
        raise NotApplicableError("There are no labels")

    outcome = run_stage(Stage("study", "Compares.", ("in.txt",), (), work), run, silent)
    assert (outcome.record.status, outcome.record.reason) == ("not applicable", "There are no labels.")


def test_the_record_tells_the_memory_that_the_work_took(run):
    def work(run, progress):
        held = np.ones(200_000_000, dtype=np.uint8)
        time.sleep(0.4)
        del held

    small = run_stage(doubling([]), run, silent).record
    large = run_stage(Stage("large", "Takes much.", ("in.txt",), (), work), run, silent).record
    assert large.peak_mb > small.peak_mb + 150 > 150
    assert StageRecord.load(record_path(run, "large")) == large


def test_a_record_from_before_memory_was_measured_still_counts(run):
    calls = []
    run_stage(doubling(calls), run, silent)
    path = record_path(run, "double")
    values = read_json(path)
    del values["peak_mb"]
    write_json(path, values | {"schema": "stage/1"})
    again = run_stage(doubling(calls), run, silent)
    assert again.skipped and again.record.peak_mb is None


def test_a_path_that_a_record_does_not_know_of_is_not_held_against_it(run):
    calls = []
    run_stage(doubling(calls), run, silent)
    more = dataclasses.replace(doubling(calls), writes=("out.txt", "more.txt"))
    (run / "more.txt").write_text("of an older version")
    assert run_stage(more, run, silent).skipped
    (run / "out.txt").write_text("tampered")
    assert not run_stage(more, run, silent).skipped
    (run / "more.txt").write_text("tampered")
    assert not run_stage(more, run, silent).skipped


def test_inputs_and_settings_are_looked_at_once(run):
    looks = []
    run_stage(doubling([], lambda run: looks.append(1) or {}), run, silent)
    assert len(looks) == 1


def test_a_stage_that_fails_leaves_no_record(run):
    def work(run, progress):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        run_stage(Stage("bad", "Breaks.", ("in.txt",), (), work), run, silent)
    assert not (run / "stages/bad.json").exists()

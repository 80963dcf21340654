import json
import os

import pytest

from synthetyk.cli import display
from synthetyk.pipeline.stage import Outcome, Stage, StageRecord
from synthetyk.service.pages.run_files import STAGES
from synthetyk.service.pages.run_state import ENDED, PROGRESS, state_of, trained_part


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "stages").mkdir()
    config(tmp_path, "run")
    return tmp_path


def config(folder, goal):
    said = {"schema": "config/3", "dataset": "phantom", "budget_seconds": 60, "goal": goal, "seed": 0}
    (folder / "config.json").write_text(json.dumps(said))


def end(folder, *names, status="done", reason=""):
    for name in names:
        values = {"name": name, "status": status, "reason": reason, "seconds": 2.5}
        (folder / "stages" / f"{name}.json").write_text(json.dumps(values))


def test_a_run_of_which_all_stages_have_ended_is_finished(folder):
    end(folder, *STAGES)
    found = state_of(folder)
    assert (found.state, found.part, found.sentence) == ("finished", 1, "Finished")


def test_a_run_that_only_trains_ends_with_the_training(folder):
    config(folder, "train")
    end(folder, *STAGES[:5])
    assert state_of(folder).state == "finished"
    assert len(state_of(folder).stages) == 5


def test_a_run_with_stages_to_do_is_stopped(folder):
    end(folder, "fingerprint")
    found = state_of(folder)
    assert found.state == "stopped"
    assert [stage.state for stage in found.stages[:2]] == ["done", "waiting"]


def test_a_stage_that_was_left_out_says_why(folder):
    end(folder, "study", status="not applicable", reason="One class.")
    line = next(stage for stage in state_of(folder).stages if stage.name == "study")
    assert (line.state, line.words) == ("left out", "One class.")


def test_what_stopped_a_run_is_said(folder):
    (folder / "run.log").write_text("$ synthetyk run x\n[process 1]\nError: The disk is full.\n")
    found = state_of(folder)
    assert (found.state, found.error) == ("failed", "The disk is full.")


def test_an_error_is_forgotten_once_the_run_went_on(folder):
    (folder / "run.log").write_text("$ synthetyk run x\nError: The disk is full.\n$ synthetyk run --resume x\n")
    assert state_of(folder).state == "stopped"


def test_an_error_is_forgotten_if_the_run_went_on_elsewhere(folder):
    (folder / "run.log").write_text("Error: The disk is full.\n")
    os.utime(folder / "run.log", (1, 1))
    end(folder, *STAGES)
    assert state_of(folder).state == "finished"


@pytest.mark.parametrize("last", ['{"step": 9, "val_kd": 2.0}', '{"step": 9, "kim'])
def test_the_training_is_as_far_as_its_last_metrics_say(folder, last):
    (folder / "plan.json").write_text(
        json.dumps({"values": {"resolution": 28, "channels": 1, "gan_kimg": 8.0, "gan_recipe": "cpu-fast"}})
    )
    (folder / "metrics.jsonl").write_text(f'{{"step": 1, "kimg": 1.0}}\n{{"step": 2, "kimg": 2.0}}\n{last}\n')
    assert trained_part(folder) == 0.25


def test_without_metrics_nobody_knows_how_far_the_training_is(folder):
    assert trained_part(folder) is None


def test_what_the_command_prints_is_understood(capsys, monkeypatch):
    monkeypatch.setattr(display, "LOG_EVERY", 0.0)
    with display.progress_of("train") as progress:
        progress(0, 10)
        progress(5, 10, "49 images/s")
    said = PROGRESS.match(capsys.readouterr().out)
    assert (said[1], said[2]) == ("train", "50")
    assert said[3].endswith("left. 49 images/s")
    for name in STAGES:
        stage = Stage(name, "", (), (), lambda _run, _progress: None)
        for words in ({"status": "done"}, {"status": "not applicable", "reason": "one class"}):
            record = StageRecord(name=name, inputs={}, settings={}, outputs={}, seconds=3.2, version="1", **words)
            for skipped in (False, True):
                display.ConsoleDisplay().ended(Outcome(stage, record, skipped))
                assert ENDED.match(capsys.readouterr().out)[1] == name

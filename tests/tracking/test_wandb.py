"""What Weights & Biases writes without a network, read back from the files of its offline runs."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthetyk.tracking.bookmark import Bookmark
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.wandb import WandbTracker

ALONE = """
from pathlib import Path
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.wandb import WandbTracker
tracker = WandbTracker.open(Subject(run=Path("run")))
(service,) = " ".join(path.read_text() for path in Path("/proc/self/task").glob("*/children")).split()
tracker.log(1, {"loss": 1.0})
tracker.keep(Path(__import__("json").__file__))
tracker.close()
print(service)
"""


def gan(run, index=0):
    metrics = run / f"{index}.jsonl"
    return Subject(run=run, part=f"gan-{index}", settings={"network": {"width": 8}}, metrics=metrics)


@pytest.fixture
def first(written_by_wandb):
    """Return a function that reads the first record of a kind in what W&B wrote last for a subject."""

    def read(subject, kind):
        found = (record for record in written_by_wandb(subject) if record.WhichOneof("record_type") == kind)
        return getattr(next(found), kind)

    return read


def test_a_run_carries_its_name_its_group_and_its_settings(tmp_path, first):
    WandbTracker.open(gan(tmp_path, 1)).close()
    run = first(gan(tmp_path, 1), "run")
    assert (run.display_name, run.run_group, run.job_type) == (f"{tmp_path.name}/gan-1", tmp_path.name, "gan-1")
    assert ("network", '{"width":8}') in [(each.key, each.value_json) for each in run.config.update]


def test_project_and_entity_may_stand_in_the_settings(tmp_path, first, monkeypatch):
    subject = Subject(run=tmp_path, part="a/seed-0", settings={"wandb": {"project": "mammograms", "entity": "ours"}})
    WandbTracker.open(subject).close()
    run = first(subject, "run")
    assert (run.project, run.entity, run.run_group) == ("mammograms", "ours", f"{tmp_path.name}/a")


def test_the_run_and_its_gan_are_open_side_by_side(tmp_path, recorded_by_wandb):
    whole = Subject(run=tmp_path)
    parent, child = WandbTracker.open(whole), WandbTracker.open(gan(tmp_path))
    child.log(1, {"loss": 1.0})
    child.close()
    parent.log(0, {"FD[learned]": 2.0})
    parent.close()
    assert recorded_by_wandb(gan(tmp_path)).values == {"loss": [(1, 1.0)]}
    assert recorded_by_wandb(whole).values == {"FD/learned": [(0, 2.0)]}


@pytest.mark.parametrize(("ended", "code"), [("finished", 0), ("failed", 1), ("killed", 255)])
def test_the_exit_code_says_how_it_ended(tmp_path, first, ended, code):
    WandbTracker.open(gan(tmp_path)).close(ended)
    assert first(gan(tmp_path), "exit").exit_code == code


def test_values_after_going_back_carry_their_attempt(tmp_path, recorded_by_wandb):
    tracker = WandbTracker.open(gan(tmp_path))
    tracker.log(1, {"loss": 1.0})
    tracker.log(2, {"loss": 2.0})
    tracker.rewind(1)
    tracker.log(2, {"loss": 20.0})
    tracker.close()
    recorded = recorded_by_wandb(gan(tmp_path)).values
    assert recorded == {"loss": [(1, 1.0), (2, 2.0), (2, 20.0)], "attempt": [(2, 1.0)]}


def test_what_goes_on_has_the_same_id_and_is_whole_in_the_newest_folder(tmp_path, recorded_by_wandb):
    gan(tmp_path).metrics.write_text('{"step": 1, "loss": 1.0}\n{"step": 2, "loss": 2.0}\n')
    before = WandbTracker.open(gan(tmp_path))
    before.rewind(2)
    before.close("killed")
    id_before = Bookmark(gan(tmp_path), "wandb").id
    tracker = WandbTracker.open(gan(tmp_path))
    tracker.rewind(2)
    tracker.log(3, {"loss": 3.0})
    tracker.close()
    assert Bookmark(gan(tmp_path), "wandb").id == id_before
    assert recorded_by_wandb(gan(tmp_path)).values == {"loss": [(1, 1.0), (2, 2.0), (3, 3.0)]}


def test_nobody_has_to_be_logged_in_and_nothing_is_written_outside_printed_or_left_running(tmp_path):
    """In a process of its own: where W&B writes is decided once a process."""
    (tmp_path / "home").mkdir()
    mine = {name: value for name, value in os.environ.items() if not name.startswith("WANDB_")}
    command, home = [sys.executable, "-c", ALONE], {"HOME": str(tmp_path / "home")}
    done = subprocess.run(command, env=mine | home, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    until = time.monotonic() + 10
    while running := Path("/proc", done.stdout.strip()).exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not running
    assert {path.name for path in tmp_path.iterdir()} == {"home", "run"}
    assert list((tmp_path / "home").iterdir()) == []


def test_that_somebody_is_logged_in_sends_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    tracker = WandbTracker.open(gan(tmp_path))
    assert tracker._run.offline
    tracker.close()


def test_the_users_mode_is_honoured(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    WandbTracker.open(gan(tmp_path)).close()
    assert not list(tmp_path.glob("wandb/offline-run-*"))
    assert os.environ["WANDB_ERROR_REPORTING"] == "false"

import threading

import pytest

from synthetyk.tracking.guarded import GuardedTracker
from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.several import SeveralTrackers
from synthetyk.tracking.tracker import NullTracker


class Failing(NullTracker):
    """Takes one call of its own, then breaks."""

    def log(self, step, values):
        if step > 1:
            raise ConnectionError("http://me:secret@tracking.example is away")


class Hanging(NullTracker):
    """Never comes back from the call that it is given."""

    def __init__(self):
        self.called, self.free = threading.Event(), threading.Event()

    def log(self, step, values):
        self.called.set()
        self.free.wait(30)


def beside(tmp_path, other, **patience):
    """Return JSON lines with another tracker beside them."""
    guarded = GuardedTracker("other", other, **patience)
    return SeveralTrackers(JsonlTracker(tmp_path / "m.jsonl"), [guarded]), guarded


def lost(tmp_path):
    return [line for line in read_jsonl(tmp_path / "m.jsonl") if line.get("event") == "tracker_left_out"]


def test_a_tracker_that_fails_is_left_out_and_the_others_go_on(tmp_path):
    several, other = beside(tmp_path, Failing)
    for step in range(1, 4):
        several.log(step, {"x": step})
    other._thread.join(10)
    several.log(4, {"x": 4})
    several.close()
    assert [line["x"] for line in read_jsonl(tmp_path / "m.jsonl") if "x" in line] == [1, 2, 3, 4]
    assert several.others == []


def test_that_it_failed_is_told_once(tmp_path, caplog):
    several, other = beside(tmp_path, Failing)
    several.log(2, {"x": 2})
    other._thread.join(10)
    for step in range(3, 6):
        several.log(step, {"x": step})
    several.close()
    assert len(lost(tmp_path)) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "secret" not in lost(tmp_path)[0]["message"]


def test_a_tracker_that_cannot_be_opened_is_left_out(tmp_path):
    def broken():
        raise RuntimeError("no such server")

    several, other = beside(tmp_path, broken)
    other.wait_open()
    several.log(1, {"x": 1})
    several.close()
    assert "other failed (RuntimeError)" in lost(tmp_path)[0]["message"]


def test_even_an_exit_does_not_reach_the_training(tmp_path):
    def leaves():
        raise SystemExit(1)

    several, other = beside(tmp_path, leaves)
    other.wait_open()
    several.log(1, {"x": 1})
    several.close()
    assert len(lost(tmp_path)) == 1


def test_a_tracker_that_hangs_is_left_out_once_patience_ends(tmp_path):
    hanging = Hanging()
    several, other = beside(tmp_path, lambda: hanging, patience=0.05)
    several.log(1, {"x": 1})
    hanging.called.wait(10)
    other._thread.join(0.1)
    several.log(2, {"x": 2})
    several.close()
    hanging.free.set()
    assert "other failed (TimeoutError)" in lost(tmp_path)[0]["message"]


def test_the_end_waits_no_longer_than_patience(tmp_path):
    hanging = Hanging()
    several, other = beside(tmp_path, lambda: hanging, patience=0.1)
    several.log(1, {"x": 1})
    several.close()
    assert other._thread.is_alive()
    assert len(lost(tmp_path)) == 1
    hanging.free.set()


def test_more_calls_than_there_is_room_for_are_no_reason_to_wait(tmp_path, monkeypatch):
    monkeypatch.setattr("synthetyk.tracking.guarded.ROOM", 3)
    hanging = Hanging()
    several, _ = beside(tmp_path, lambda: hanging)
    for step in range(10):
        several.log(step, {"x": step})
    hanging.free.set()
    assert len(lost(tmp_path)) == 1


def test_what_json_lines_cannot_write_is_an_error(tmp_path):
    several, _ = beside(tmp_path, NullTracker)
    several.first._file.close()
    with pytest.raises(ValueError, match="closed file"):
        several.log(1, {"x": 1})

import math

from synthetyk.tracking.jsonl import JsonlTracker, read_jsonl
from synthetyk.tracking.tracker import Tracker


def test_values_and_events_read_back(tmp_path):
    tracker = JsonlTracker(tmp_path / "m.jsonl")
    tracker.log(1, {"loss": 0.5})
    tracker.event(2, "collapse", "all samples look alike")
    tracker.close()
    assert list(read_jsonl(tmp_path / "m.jsonl")) == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "event": "collapse", "message": "all samples look alike"},
    ]


def test_it_keeps_the_protocol(tmp_path):
    assert isinstance(JsonlTracker(tmp_path / "m.jsonl"), Tracker)


def test_a_value_that_is_not_finite_becomes_null(tmp_path):
    tracker = JsonlTracker(tmp_path / "m.jsonl")
    tracker.log(1, {"loss": math.nan, "other": math.inf})
    assert list(read_jsonl(tracker.path)) == [{"step": 1, "loss": None, "other": None}]


def test_rewinding_drops_later_lines_and_a_torn_one_and_goes_on(tmp_path):
    tracker = JsonlTracker(tmp_path / "m.jsonl")
    for step in range(5):
        tracker.log(step, {"x": step})
    with tracker.path.open("a") as file:
        file.write('{"step": 2, "x"')
    tracker.rewind(2)
    tracker.log(3, {"x": 30})
    tracker.close()
    assert [line["x"] for line in read_jsonl(tracker.path)] == [0, 1, 2, 30]


def test_a_file_that_does_not_exist_has_no_lines(tmp_path):
    assert list(read_jsonl(tmp_path / "none.jsonl")) == []

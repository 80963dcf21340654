import io

import pytest
from rich.console import Console

from synthetyk.cli import display
from synthetyk.pipeline.stage import Outcome, Stage, StageRecord


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.94, "9.9 s"), (59, "59 s"), (125, "2 min 5 s"), (7260, "2 h 1 min")]
)
def test_durations_read_as_people_say_them(seconds, words):
    assert display.duration(seconds) == words


@pytest.fixture
def printed(monkeypatch):
    """Return a function that makes the console write to memory, as a terminal or not, and gives that memory."""

    def begin(terminal):
        text = io.StringIO()
        monkeypatch.setattr(display, "console", Console(file=text, force_terminal=terminal, width=120))
        return text

    return begin


def outcome(status="done", reason="", skipped=False):
    record = StageRecord(
        name="study", status=status, reason=reason, inputs={}, settings={}, outputs={}, seconds=12, version="0"
    )
    return Outcome(Stage("study", "Compares.", (), (), lambda run, progress: None), record, skipped)


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (outcome(), "study        12 s"),
        (outcome(skipped=True), "done before"),
        (outcome("not applicable", "There are no labels."), "left out: There are no labels."),
    ],
)
def test_how_a_stage_ended_is_one_line(printed, ended, words):
    text = printed(False)
    display.ConsoleDisplay().ended(ended)
    assert words in text.getvalue()
    assert text.getvalue().count("\n") == 1


def test_without_a_terminal_progress_is_a_line_now_and_then(printed, monkeypatch):
    clock = iter([0.0, 0.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(display.time, "monotonic", lambda: next(clock))
    text = printed(False)
    with display.progress_of("train") as progress:
        for done in (0, 25, 30, 50):
            progress(done, 100, "loss 1.0")
    lines = text.getvalue().splitlines()
    assert lines == ["  train: 25%, about 1 min 0 s left. loss 1.0", "  train: 50%, about 40 s left. loss 1.0"]


def test_in_a_terminal_progress_is_a_bar(printed):
    text = printed(True)
    with display.progress_of("train") as progress:
        progress(50, 100, "[odd] message")
    assert "train" in text.getvalue()


def test_a_name_that_is_no_unicode_is_printed(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(display, "console", Console(file=io.TextIOWrapper(written, "utf-8", write_through=True)))
    display.say("Written: caf\udce9")
    assert written.getvalue() == b"Written: caf\\udce9\n"

"""What every tracker keeps, as tests: subclass `TrackerContract` in a test module of yours and give it to pytest."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import synthetyk.tracking.jsonl as lines
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import Tracker


@dataclass
class Recorded:
    """What a tracker has recorded.

    Attributes:
        values: By name, as (step, value) in the order in which they were recorded; NaN for what was not finite.
        events: As (step, kind, message).
        files: Contents of the files that were kept, by name; None if the tracker keeps none.
    """

    values: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    events: list[tuple[int, str, str]] = field(default_factory=list)
    files: dict[str, bytes] | None = None

    def latest(self, name: str) -> dict[int, float]:
        """Return the value that was recorded last at each step."""
        return dict(self.values[name])


class TrackerContract:
    """Tests of a tracker; ``class TestMine(TrackerContract)`` with `open` and `read` is all that is needed."""

    def open(self, subject: Subject) -> Tracker:
        """Return the tracker, going on with this subject if it knows it."""
        raise NotImplementedError

    def read(self, subject: Subject) -> Recorded:
        """Return what it has recorded of this subject, in one piece, however often it went on."""
        raise NotImplementedError

    def subject(self, folder: Path) -> Subject:
        """Return what is tracked in these tests."""
        settings = {"network": {"width": 8}, "seed": 3}
        return Subject(run=folder, part="gan-0", settings=settings, metrics=folder / "metrics.jsonl")

    def test_it_keeps_the_protocol(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        assert isinstance(tracker, Tracker)
        tracker.close()

    def test_values_are_recorded_at_their_steps(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        tracker.log(1, {"loss": 0.5, "rate": 0.25})
        tracker.log(2, {"loss": 0.125})
        tracker.close()
        recorded = self.read(self.subject(tmp_path)).values
        assert (recorded["loss"], recorded["rate"]) == ([(1, 0.5), (2, 0.125)], [(1, 0.25)])

    def test_what_is_not_finite_is_recorded_as_no_number(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        tracker.log(1, {"loss": math.nan, "other": math.inf})
        tracker.close()
        recorded = self.read(self.subject(tmp_path))
        assert math.isnan(recorded.latest("loss")[1])
        assert math.isnan(recorded.latest("other")[1])

    def test_events_are_recorded_in_words(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        tracker.event(2, "collapse", "all samples look alike")
        tracker.close("failed")
        assert self.read(self.subject(tmp_path)).events == [(2, "collapse", "all samples look alike")]

    def test_after_going_back_the_later_value_counts(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        for step in range(1, 5):
            tracker.log(step, {"loss": float(step)})
        tracker.rewind(2)
        for step in range(3, 5):
            tracker.log(step, {"loss": 10.0 * step})
        tracker.close()
        assert self.read(self.subject(tmp_path)).latest("loss") == {1: 1.0, 2: 2.0, 3: 30.0, 4: 40.0}

    def test_what_was_not_undone_is_recorded_once(self, tmp_path: Path) -> None:
        tracker = self.open(self.subject(tmp_path))
        tracker.rewind(0)
        for step in range(1, 4):
            tracker.log(step, {"loss": float(step)})
        tracker.rewind(2)
        tracker.close()
        assert self.read(self.subject(tmp_path)).values["loss"][:2] == [(1, 1.0), (2, 2.0)]

    def test_it_goes_on_where_another_process_was_stopped(self, tmp_path: Path) -> None:
        subject = self.subject(tmp_path)
        self._told_before(subject, 1, 2, 3)
        tracker = self.open(subject)
        tracker.rewind(2)
        tracker.log(3, {"loss": 30.0})
        tracker.close()
        assert self.read(subject).latest("loss") == {1: 1.0, 2: 2.0, 3: 30.0}

    def test_it_learns_from_the_metrics_file_what_it_was_not_told(self, tmp_path: Path) -> None:
        subject = self.subject(tmp_path)
        _write(subject, 1, 2)
        tracker = self.open(subject)
        tracker.rewind(2)
        tracker.log(3, {"loss": 3.0})
        tracker.close()
        assert self.read(subject).values["loss"] == [(1, 1.0), (2, 2.0), (3, 3.0)]

    def test_a_file_is_kept_as_it_was(self, tmp_path: Path) -> None:
        subject, file = self.subject(tmp_path / "run"), tmp_path / "card.json"
        file.write_text("{}")
        tracker = self.open(subject)
        tracker.keep(file)
        tracker.close()
        file.unlink()
        assert self.read(subject).files in (None, {"card.json": b"{}"})

    def _told_before(self, subject: Subject, *steps: int) -> None:
        tracker = self.open(subject)
        tracker.rewind(0)
        for step in steps:
            tracker.log(step, {"loss": float(step)})
        tracker.close("killed")
        assert subject.metrics is not None
        if not subject.metrics.exists():
            _write(subject, *steps)


def _write(subject: Subject, *steps: int) -> None:
    """Write the metrics file that stands beside every tracker."""
    tracker = lines.JsonlTracker.open(subject)
    for step in steps:
        tracker.log(step, {"loss": float(step)})
    tracker.close()

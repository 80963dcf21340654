"""Metrics as JSON lines: one object a line, always on, readable by anything."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from synthetyk.core.artifacts import write_bytes
from synthetyk.tracking.subject import Subject
from synthetyk.tracking.tracker import Ended, Tracker


class JsonlTracker:
    """Appends ``{"step": ..., name: value, ...}`` lines to a file; a value that is not finite becomes null."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    @classmethod
    def open(cls, subject: Subject) -> Self:
        """Append to the metrics of a training, or to ``metrics.jsonl`` of a run."""
        return cls(subject.metrics or subject.run / "metrics.jsonl")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Append one line of values."""
        finite = {name: float(value) if math.isfinite(value) else None for name, value in values.items()}
        self._write({"step": step, **finite})

    def event(self, step: int, kind: str, message: str) -> None:
        """Append one line in words."""
        self._write({"step": step, "event": kind, "message": message})

    def rewind(self, step: int) -> None:
        """Drop the lines after `step`, and a last line that a kill cut short."""
        self._file.close()
        kept = [json.dumps(line) for line in read_jsonl(self.path) if line["step"] <= step]
        write_bytes(self.path, "".join(line + "\n" for line in kept).encode())
        self._file = self.path.open("a", encoding="utf-8")

    def keep(self, path: Path) -> None:
        """Leave the file where it is: it lies in the same folder."""

    def close(self, ended: Ended = "finished") -> None:  # noqa: ARG002, the lines do not say how it ended
        """Close the file."""
        self._file.close()

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines of a metrics file; a last line that was cut short is passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def tell(tracker: Tracker, lines: Iterable[Mapping[str, Any]]) -> None:
    """Tell a tracker what stands in lines of a metrics file; null becomes NaN."""
    for line in lines:
        if "event" in line:
            tracker.event(line["step"], line["event"], line["message"])
        else:
            values = {name: value for name, value in line.items() if name != "step"}
            tracker.log(line["step"], {n: math.nan if value is None else value for n, value in values.items()})

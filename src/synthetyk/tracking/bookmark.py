"""How a tracker finds its place again: under which id it knows a training, and how far it was told of it."""

import hashlib
import json
from typing import Any, ClassVar

from synthetyk.core.artifacts import Artifact, Migration
from synthetyk.core.errors import ArtifactError
from synthetyk.tracking.jsonl import read_jsonl
from synthetyk.tracking.subject import Subject


class BookmarkCard(Artifact):
    """Where a tracker stands.

    Attributes:
        id: Under which it knows the run, or the training.
        step: Up to which it was told of it; -1 before the beginning.
        attempt: How often the training went back behind what the tracker had been told.
        settings: SHA-256 of a training's settings; empty for a run as a whole, and in files of before it was kept.
    """

    schema_name: ClassVar[str] = "bookmark"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar[dict[int, Migration]] = {1: dict}

    id: str
    step: int = -1
    attempt: int = 0
    settings: str = ""


class Bookmark:
    """One tracker's place in one run or training, kept in the run folder.

    A training with other settings is another one: the tracker does not know it yet.

    Attributes:
        id: None if the tracker does not know it yet.
        step: See `BookmarkCard`.
        attempt: See `BookmarkCard`.

    Args:
        subject: The run or training.
        tracker: Name of the tracker.
    """

    def __init__(self, subject: Subject, tracker: str) -> None:
        self.path = subject.run / "tracking" / f"{'-'.join(filter(None, [tracker, subject.part]))}.json"
        self._metrics, self._settings = subject.metrics, _hash(subject) if subject.metrics else ""
        self.id: str | None = None
        self.step, self.attempt = -1, 0
        try:
            card = BookmarkCard.load(self.path)
        except ArtifactError:  # none yet, or of no use: it is known under a new id from now on
            return
        if self._settings and card.settings not in ("", self._settings):
            return
        self.id, self.step, self.attempt = card.id, card.step, card.attempt

    def begin(self, new: str) -> None:
        """Know it under a new id, from the beginning."""
        self.id, self.step, self.attempt = new, -1, 0
        self.save()

    def rewind(self, step: int) -> list[dict[str, Any]]:
        """Go back to `step`; return the lines of the metrics file up to there that were not told.

        There are some if the training was killed, or the tracker chosen when it was under way.
        """
        if self.step > step:
            self.step, self.attempt = step, self.attempt + 1
            self.save()
        lines = read_jsonl(self._metrics) if self._metrics else ()
        return [line for line in lines if self.step < line["step"] <= step]

    def save(self) -> None:
        """Keep the place."""
        if self.id is not None:
            card = BookmarkCard(id=self.id, step=self.step, attempt=self.attempt, settings=self._settings)
            card.save(self.path)


def _hash(subject: Subject) -> str:
    return hashlib.sha256(json.dumps(subject.settings, sort_keys=True, default=str).encode()).hexdigest()

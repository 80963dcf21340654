"""What is recorded of visual Turing tests, and how it is handed out."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.service.pages.turing_trial import Pair, Score, Side, Trial
from synthetyk.store.record import Event, now
from synthetyk.store.store import LONGEST_PAGE, ImageStore

KIND = "turing"  # of the events
RISKY = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for a formula
COLUMNS = (
    *("trial", "ended", "model", "reader", "seed", "pair", "class", "real_image", "synthetic_number", "real_side"),
    *("answer", "right"),
)


class Answer(Config):
    """A pair and what the reader said of it.

    Attributes:
        label: Class.
        real: Id of the real image.
        number: Of the synthetic image.
        real_side: Where the real image stood.
        answer: Where the reader said that it stands.
    """

    label: str
    real: str
    number: int
    real_side: Side
    answer: Side

    @property
    def right(self) -> bool:
        """Whether the reader was right."""
        return self.answer == self.real_side


class Sitting(Config):
    """What is recorded of a trial.

    Attributes:
        model: Hash of the model that drew.
        label: Class of all pairs; empty: all classes.
        seed: Of everything random in it.
        begun: When, milliseconds since 1970 in UTC.
        reader: Who looked, in the reader's own words.
        planned: Pairs that it had.
        answers: Those that were answered, in their order.
    """

    model: str
    label: str
    seed: int
    begun: int
    reader: str
    planned: int
    answers: tuple[Answer, ...] = Field(min_length=1)

    @property
    def score(self) -> Score:
        """How many were right."""
        return Score(sum(each.right for each in self.answers), len(self.answers), self.planned)


def record_of(trial: Trial, pairs: Sequence[Pair], answers: Sequence[Side]) -> Event:
    """Return what is recorded of a trial: every pair that was answered, so that all can be counted anew."""
    answered = tuple(
        Answer(label=pair.label, real=pair.real, number=pair.number, real_side=pair.real_side, answer=answer)
        for pair, answer in zip(pairs, answers, strict=False)
    )
    sitting = Sitting(planned=len(pairs), answers=answered, **trial.model_dump(exclude={"id", "pairs"}))
    return Event(kind=KIND, id=trial.id, created=now(), details=sitting.model_dump(mode="json"))


def sitting_of(event: Event) -> Sitting:
    """Return what an event records.

    Raises:
        ConfigError: It records something else.
    """
    return Sitting.parse(event.details, where=f"The event {event.id}")


def all_sittings(store: ImageStore) -> Iterator[tuple[Event, Sitting]]:
    """Yield everything that was recorded, the latest first."""
    after: str | None = None
    while True:
        found = store.events(KIND, limit=LONGEST_PAGE, after=after)
        yield from ((event, sitting_of(event)) for event in found.events)
        if found.after is None:
            return
        after = found.after


def as_csv(sittings: Iterable[tuple[Event, Sitting]]) -> str:
    """Return a table with a row for each pair that was answered."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for event, sitting in sittings:
        head = (event.id, event.created, sitting.model, _plain(sitting.reader), sitting.seed)
        for number, each in enumerate(sitting.answers, 1):
            pair = (number, _plain(each.label), each.real, each.number, each.real_side)
            writer.writerow((*head, *pair, each.answer, int(each.right)))
    return stream.getvalue()


def as_json(sittings: Iterable[tuple[Event, Sitting]]) -> dict[str, Any]:
    """Return the same as JSON, with the score of each trial."""
    return {"trials": [_whole(event, sitting) for event, sitting in sittings]}


def _whole(event: Event, sitting: Sitting) -> dict[str, Any]:
    score, interval = sitting.score, sitting.score.interval
    found = {"right": score.right, "answered": score.answered, "share": interval.value}
    ends = {"low": interval.low, "high": interval.high, "conclusion": score.sentence}
    return {"id": event.id, "ended": event.created, **sitting.model_dump(mode="json"), **found, **ends}


def _plain(text: str) -> str:
    """Return words that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(RISKY) else text

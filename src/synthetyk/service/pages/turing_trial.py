"""A visual Turing test: which pairs are shown, on which side the real image stands, and what a score allows to say.

Everything is drawn by address from the trial's seed, so that no process has to remember a trial: any of them knows
which pair was shown.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pydantic import Field

from synthetyk.core.errors import RequestError
from synthetyk.core.seeding import generator
from synthetyk.metrics.interval import Interval, wilson_interval
from synthetyk.service.pages.form import FormValues
from synthetyk.store.record import EVENT_ID

MOST = 100  # pairs of one trial
Side = Literal["left", "right"]


class Trial(FormValues):
    """One sitting of one reader.

    Attributes:
        id: Of what is recorded of it.
        model: Hash of the model that draws.
        label: Class of all pairs; empty: all classes, as evenly as the real images allow.
        pairs: How many, at most.
        seed: Of everything random in it.
        begun: When, milliseconds since 1970 in UTC; only real images of before are shown.
        reader: Who looks, in the reader's own words; may be empty.
    """

    id: str = Field(pattern=f"^{EVENT_ID}$")
    model: str = Field(max_length=64)
    label: str = Field(default="", max_length=200)
    pairs: int = Field(default=20, ge=1, le=MOST)
    seed: int = Field(ge=0, le=2**31)
    begun: int = Field(ge=0, le=2**53)
    reader: str = Field(default="", max_length=60)


@dataclass(frozen=True)
class Pair:
    """A real image and a synthetic one of the same class, side by side.

    Attributes:
        label: Their class; empty for a generator without classes.
        real: Id of the real image.
        number: Of the synthetic image within its class, under the trial's seed.
        real_side: Where the real image stands.
    """

    label: str
    real: str
    number: int
    real_side: Side


@dataclass(frozen=True)
class Score:
    """How many answers were right.

    Attributes:
        right: Answers that named the real image.
        answered: All of them, at least one.
        planned: Pairs that the trial has.
    """

    right: int
    answered: int
    planned: int

    @cached_property
    def interval(self) -> Interval:
        """The share of right answers with its 95% interval."""
        return wilson_interval(self.right, self.answered)

    @property
    def sentence(self) -> str:
        """What can be concluded."""
        found = self.interval
        if found.low > 0.5:
            said = "The reader tells real from synthetic more often than chance: something gives the synthetic away."
        elif found.high < 0.5:
            said = (
                "The reader takes the synthetic image for the real one more often than chance: the two look different, "
                "and the synthetic one looks more as expected."
            )
        else:
            said = f"This score is what guessing can give{self._needed}. It is no proof that nobody can tell."
        early = " The trial was ended early, so its length may have depended on the score."
        return said + (early if self.answered < self.planned else "")

    @property
    def _needed(self) -> str:
        needed = least_beyond_chance(self.answered)
        pairs = f"{self.answered} pair{'s' * (self.answered != 1)}"
        if needed is None:
            return f"; with {pairs} no score could show more"
        return f"; with {pairs} at least {needed} right answers would have shown more"


def least_beyond_chance(trials: int) -> int | None:
    """Return the fewest right answers whose 95% interval lies above one half; None if there are none."""
    beyond = (right for right in range(trials + 1) if wilson_interval(right, trials).low > 0.5)
    return next(beyond, None)


def pairs_of(trial: Trial, reals: Mapping[str, Sequence[str]]) -> tuple[Pair, ...]:
    """Return the pairs of a trial, in their order; each real image is shown once at most.

    Args:
        trial: Whose.
        reals: Ids of the real images that may be shown, by class.

    Raises:
        RequestError: There is no real image.
    """
    shown = _chosen(trial, reals)
    if not shown:
        raise RequestError(
            "There is no real image of that class", expected="some in the library", action="Add images to the library"
        )
    sides = _sides(trial.seed, len(shown))
    numbers: dict[str, int] = {}
    pairs = []
    for (label, real), side in zip(shown, sides, strict=True):
        numbers[label] = numbers.get(label, -1) + 1
        pairs.append(Pair(label, real, numbers[label], side))
    order = generator(trial.seed, "turing/order").permutation(len(pairs))
    return tuple(pairs[place] for place in order)


def _chosen(trial: Trial, reals: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return class and id of the real images that are shown: from each class in turn, as long as it has some."""
    left = {
        label: [ids[place] for place in generator(trial.seed, f"turing/real/{label}").permutation(len(ids))]
        for label, ids in sorted(reals.items())
    }
    chosen: list[tuple[str, str]] = []
    while len(chosen) < trial.pairs and any(left.values()):
        chosen += [(label, ids.pop()) for label, ids in left.items() if ids]
    return chosen[: trial.pairs]


def _sides(seed: int, count: int) -> list[Side]:
    """Return on which side each real image stands: left as often as right, but for one of an odd number."""
    random = generator(seed, "turing/sides")
    lefts = count // 2 + (int(random.integers(2)) if count % 2 else 0)
    return ["left" if place < lefts else "right" for place in random.permutation(count)]


def fingerprint(pairs: Iterable[Pair]) -> str:
    """Return a short text that is another if other pairs are shown, for example since an image was deleted."""
    said = json.dumps([(pair.label, pair.real, pair.number, pair.real_side) for pair in pairs])
    return hashlib.sha256(said.encode()).hexdigest()[:16]

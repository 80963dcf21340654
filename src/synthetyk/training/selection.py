"""Which moment of a training is kept, and whether to go on: rules on what was measured of its generator as it went.

Pure judgements on candidates; `Selection` remembers them and knows whose weights may be thrown away.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.metrics.neighbours import VOID_BELOW

Weights = Literal["ema", "short", "raw"]
# A nearest-neighbour ratio that smoothness does not explain: an image that only lacks its own noise has a ratio of 0.71
# in pixels, and averaged weights that were still learning went down to 0.82 in features on 140 head CTs and to 0.78 on
# 2,000 blood cells, where they drew by far the best images.
COPYING_BELOW = 0.7
WORDS: dict[Weights, str] = {"ema": "averaged", "short": "briefly averaged", "raw": "raw"}


class Candidate(Config):
    """A generator that could be kept, and what was measured on it.

    Attributes:
        step: Training steps that led to it.
        kimg: Thousand real images shown in them.
        weights: Averaged (``ema``), averaged over a fifth of that (``short``), or those of this very step (``raw``).
        scores: ``val_kd`` and, where they could be measured, ``val_kd_error``, ``val_auc``, ``val_auc_error``,
            ``nn_ratio_pixels``, ``nn_ratio_features``, ``exact_copies`` and ``near_copies``
            (`evaluation.candidate.CandidateScorer` measures them).
        attempt: Rollbacks before it, so that a step that was made twice names two candidates.
    """

    step: int
    kimg: float
    weights: Weights
    scores: dict[str, float]
    attempt: int = 0

    @property
    def void(self) -> bool:
        """Whether its images are training images, or lie nearer to them than smoothness explains."""
        return self.scores.get("exact_copies", 0) > 0 or (not self.apart and self.ratio < COPYING_BELOW)

    @property
    def apart(self) -> bool:
        """Whether its images lie as far from training images as new ones do, so that no distance is void."""
        return self.nearness >= VOID_BELOW

    @property
    def nearness(self) -> float:
        """Nearest-neighbour ratio in features; infinite where it could not be measured."""
        return self.scores.get("nn_ratio_features", math.inf)

    @property
    def ratio(self) -> float:
        """The lower of the ratios in features and in pixels."""
        return min(self.nearness, self.scores.get("nn_ratio_pixels", math.inf))

    @property
    def distance(self) -> float:
        """Kernel distance to real images that the generator never met."""
        return self.scores["val_kd"]

    @property
    def lowest(self) -> float:
        """The kernel distance less its standard error."""
        return self.distance - self.scores.get("val_kd_error", 0)

    @property
    def auc(self) -> float:
        """AUC of classifiers trained on its images; below every AUC where there is none."""
        return self.scores.get("val_auc", -math.inf)

    @property
    def highest(self) -> float:
        """The AUC plus its standard error."""
        return self.auc + self.scores.get("val_auc_error", 0)

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        """What decides among candidates that are as good: apart from training images, later, averaged weights."""
        return self.apart, self.attempt, self.step, self.weights == "ema"


class MemoryConfig(Config):
    """When a training is said to memorise.

    Attributes:
        patience: Candidates in a row that must show it.
        near_copies: Near copies, in pixels, among the images drawn of a candidate that count as a sign.
        nearness: Nearest-neighbour ratio that smoothness does not explain.
    """

    patience: int = Field(default=2, ge=1)
    near_copies: int = Field(default=10, ge=1)
    nearness: float = Field(default=COPYING_BELOW, gt=0, le=VOID_BELOW)


def eligible(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are not void, or all if all are."""
    return [candidate for candidate in candidates if not candidate.void] or list(candidates)


def equals(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that measurement cannot tell apart from the best, of at least one.

    1. Void candidates stay out unless all are void. A ratio below 0.9 alone makes none void here: the distance is one
       to validation images, which copying training images does not lower.
    2. The lowest kernel distance leads, and with it stay all within their own standard error of it.
    3. Of these stay those whose AUC is within its own standard error of the highest.
    """
    rivals = eligible(candidates)
    lead = min(candidate.distance for candidate in rivals)
    near = [candidate for candidate in rivals if candidate.lowest <= lead]
    top = max(candidate.auc for candidate in near)
    return [candidate for candidate in near if candidate.highest >= top]


def best(candidates: Sequence[Candidate]) -> Candidate:
    """Choose the candidate to keep, of at least one: the latest of `equals`, and of one step the averaged weights.

    Those with a nearest-neighbour ratio of at least 0.9 go before: as good, and freer to be shared.

    Both errors matter: on 30 validation images that of an AUC is about 0.1, and the best of a dozen such numbers is a
    matter of luck. What they cannot tell apart is likely better the longer it was trained: of three trainings, averaged
    and raw weights apart, the latest of the equals was 1.0 to 1.2 times as far from the real images as the best by
    SqueezeNet's features, the one with the lowest distance 1.0 to 2.2 times.
    """
    return max(equals(candidates), key=lambda candidate: candidate.rank)


def could_win(candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
    """Tell whether a candidate may still be chosen once others have come; what cannot will never be able to again.

    It cannot if it is void and another is not; if it is too far from the lowest distance, which only falls; or if there
    is another that will be near enough for as long as itself, and has an AUC too high for itself, or an AUC that is
    high enough wherever its own is and a better rank.
    """
    rivals = eligible(candidates)
    if candidate not in rivals or candidate.lowest > min(rival.distance for rival in rivals):
        return False
    lasting = [rival for rival in rivals if rival.lowest <= candidate.lowest]
    return not any(
        rival.auc > candidate.highest or (rival.highest >= candidate.highest and rival.rank > candidate.rank)
        for rival in lasting
    )


def memorising(history: Sequence[Candidate], config: MemoryConfig) -> str | None:
    """Tell in words whether a training has begun to memorise its images, or None if it has not.

    It has if the newest two candidates of one kind of weights

    - hold an exact copy of a training image each, or 10 near copies each; or
    - have a nearest-neighbour ratio below 0.9 in features and below 0.7 there or in pixels, were preceded by one that
      was not void, and are as good as the best such one: within their standard error of its kernel distance.

    A ratio that has fallen below 0.9 alone is no reason to stop, since stopping too early costs more than stopping too
    late, where `best` keeps what came before: with 30 validation images the ratio's own error is about 9%, the same at
    every candidate, and averaged weights draw images that are smooth, hence near to everything, for a good part of a
    healthy training (200 head CTs: seven candidates in a row between 0.82 and 0.90, then up to 1.01). But such images
    are not as good: copies have a low distance, smooth images and collapsed ones have a high one.

    Args:
        history: Candidates in the order in which they came; only those with the newest one's kind of weights count.
        config: When to speak.
    """
    same = [candidate for candidate in history if candidate.weights == history[-1].weights]
    recent, before = same[-config.patience :], same[: -config.patience]
    if len(recent) < config.patience:
        return None
    if all(_copies(candidate, config) for candidate in recent):
        counts = " and ".join(f"{sum(_counts(candidate)):.0f} at {candidate.kimg:.1f} kimg" for candidate in recent)
        return f"Memorisation: generated images are copies of training images, exact or near: {counts}"
    sound = [candidate.distance for candidate in before if not candidate.void]
    if sound and all(
        not candidate.apart and candidate.ratio < config.nearness and candidate.lowest <= min(sound)
        for candidate in recent
    ):
        ratios = " and ".join(f"{candidate.ratio:.2f} at {candidate.kimg:.1f} kimg" for candidate in recent)
        return (
            "Memorisation: generated images lie nearer to training images than held-out ones do, by a ratio of "
            f"{ratios} (limit {config.nearness:.2f})"
        )
    return None


class Selection:
    """Remembers the candidates of a training and chooses among them; see `equals` and `best` for the rule.

    Nothing is forgotten when a training goes back: a candidate stays what it was measured to be.
    """

    def __init__(self) -> None:
        self.candidates: list[Candidate] = []

    def add(self, candidate: Candidate) -> None:
        """Remember one more candidate."""
        self.candidates.append(candidate)

    @property
    def best(self) -> Candidate | None:
        """The candidate to keep, None before there is one."""
        return best(self.candidates) if self.candidates else None

    def could_win(self, candidate: Candidate) -> bool:
        """Tell whether a candidate's weights must be kept; once False, it stays so."""
        return could_win(candidate, self.candidates)

    @property
    def reason(self) -> str:
        """Why the best is the best, in words; empty before there is one."""
        return _reason(best(self.candidates), self.candidates) if self.candidates else ""

    def state_dict(self) -> dict[str, Any]:
        """Return what is remembered, fit for JSON."""
        return {"candidates": [candidate.model_dump() for candidate in self.candidates]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Put back what `state_dict` returned."""
        self.candidates = [Candidate.parse(candidate) for candidate in state.get("candidates", [])]


def _counts(candidate: Candidate) -> tuple[float, float]:
    return candidate.scores.get("exact_copies", 0), candidate.scores.get("near_copies", 0)


def _copies(candidate: Candidate, config: MemoryConfig) -> bool:
    exact, near = _counts(candidate)
    return exact > 0 or near >= config.near_copies


def _reason(chosen: Candidate, candidates: Sequence[Candidate]) -> str:
    rivals, same = eligible(candidates), equals(candidates)
    lead = min(candidate.distance for candidate in rivals)
    words = (
        f"The {WORDS[chosen.weights]} weights at {chosen.kimg:.1f} kimg, the latest of {len(same)} among "
        f"{len(candidates)} candidates that measurement cannot tell apart from the best: kernel distance to validation "
        f"images {_said(chosen, 'val_kd')} (lowest {lead:.4f})"
    )
    if "val_auc" in chosen.scores:
        top = max(candidate.auc for candidate in same)
        words += f", AUC of classifiers trained on its images alone {_said(chosen, 'val_auc')} (highest {top:.4f})"
    return " ".join([f"{words}.", *_others(chosen, candidates)])


def _others(chosen: Candidate, candidates: Sequence[Candidate]) -> list[str]:
    """Say what became of the other kind of weights and of void candidates."""
    sentences = []
    if others := [candidate for candidate in eligible(candidates) if candidate.weights != chosen.weights]:
        closest = min(others, key=lambda candidate: candidate.distance)
        sentences.append(f"The {WORDS[closest.weights]} weights came down to {closest.distance:.4f}.")
    if void := sum(candidate.void for candidate in candidates):
        who = "All candidates are" if void == len(candidates) else f"{void} of the candidates stayed out,"
        sentences.append(
            f"{who} void, because their images are training images or lie nearer to them than smoothness explains."
        )
    return sentences


def _said(candidate: Candidate, name: str) -> str:
    error = candidate.scores.get(f"{name}_error")
    return f"{candidate.scores[name]:.4f}" + (f" ± {error:.4f}" if error is not None else "")

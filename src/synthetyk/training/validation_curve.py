"""Rules on a classifier's validation curve: which look is kept, when a training ends, when its rate falls.

All are pure functions of the curve, so that a training that goes on from a file decides as one that never stopped.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from synthetyk.core.config import Config

Watched = Literal["loss", "accuracy", "auc"]
Keep = Literal["best", "loss", "accuracy", "auc", "last"]
PLATEAU = 0.002  # AUC


class ValidationPoint(Config):
    """One look at the validation split, at some images of it where it is large: see `labelled_images.looked_at`.

    Attributes:
        step: Training steps done.
        loss: Cross-entropy in nats.
        accuracy: Share called right.
        auc: Macro one-against-rest AUC over the classes that can be judged; None if there is none.
    """

    step: int
    loss: float
    accuracy: float
    auc: float | None

    def merit(self, watched: Watched) -> float:
        """Return what is watched, the higher the better."""
        return -self.loss if watched == "loss" else self.accuracy if watched == "accuracy" else self.auc or 0.0

    @property
    def merits(self) -> tuple[float, float, float]:
        """All that can be watched, the loss first."""
        return self.merit("loss"), self.merit("auc"), self.merit("accuracy")


class Patience(Config):
    """How long a curve may go without getting better.

    Attributes:
        watched: What has to get better.
        least: By less than this it has not.
        looks: Looks in a row without.
        after: First looks that do not count.
    """

    watched: Watched = "loss"
    least: float = Field(default=0.0, ge=0)
    looks: int = Field(default=0, ge=0)
    after: int = Field(default=0, ge=0)


class RateFall(Config):
    """When a learning rate falls, and by how much.

    Attributes:
        patience: How long it waits.
        factor: What the rate is multiplied with.
        rest: Looks after a fall in which nothing is counted.
        lowest: It never falls below this.
    """

    patience: Patience = Patience(looks=10, least=1e-4)
    factor: float = Field(default=0.1, gt=0, lt=1)
    rest: int = Field(default=0, ge=0)
    lowest: float = Field(default=0.0, ge=0)


def exhausted(curve: Sequence[ValidationPoint], patience: Patience) -> bool:
    """Tell whether a training ends here: its newest looks were no better than what came before."""
    waited, best = 0, float("-inf")
    for point in curve[patience.after :]:
        waited, best = _next(point, patience, waited, best)
    return waited > 0 and waited >= patience.looks


def falls(curve: Sequence[ValidationPoint], rule: RateFall) -> int:
    """Return how often the learning rate has fallen."""
    waited, resting, count, best = 0, 0, 0, float("-inf")
    for point in curve[rule.patience.after :]:
        if resting:
            resting, waited = resting - 1, 0
        waited, best = _next(point, rule.patience, waited, best)
        if resting:
            waited = 0
        if waited and waited >= rule.patience.looks:
            count, waited, resting = count + 1, 0, rule.rest
    return count


def fallen_rate(rate: float, curve: Sequence[ValidationPoint], rule: RateFall) -> float:
    """Return a learning rate after its falls."""
    return max(rate * rule.factor ** falls(curve, rule), min(rate, rule.lowest))


def kept_point(curve: Sequence[ValidationPoint], keep: Keep, rarest: int) -> ValidationPoint:
    """Return the look whose weights are kept.

    ``best`` is the highest AUC, among equals the lowest loss. AUCs no further apart than one image of the rarest class
    can move them, ``1 / rarest``, count as equal: on a small validation split the highest AUC alone is often a lucky
    look at a network that has hardly begun to learn.

    Args:
        curve: The validation curve.
        keep: ``best``, the best of one measure, or the ``last``.
        rarest: Validation images of the rarest class that were looked at.
    """
    if keep == "last":
        return curve[-1]
    if keep != "best":
        return max(curve, key=lambda point: (point.merit(keep), *point.merits))
    enough = max(point.merit("auc") for point in curve) - 1 / rarest
    return max((point for point in curve if point.merit("auc") >= enough), key=lambda point: point.merits)


def worth_keeping(curve: Sequence[ValidationPoint]) -> list[ValidationPoint]:
    """Return the looks that `kept_point` may still choose: the last, and those that no other beats in every way.

    Of a large network each look's weights take a hundred megabytes, so that only theirs are kept.
    """

    def beaten(point: ValidationPoint, other: ValidationPoint) -> bool:
        pairs = zip(point.merits, other.merits, strict=True)
        return other.merits != point.merits and all(mine <= theirs for mine, theirs in pairs)

    return [point for point in curve if point is curve[-1] or not any(beaten(point, other) for other in curve)]


def has_plateaued(curve: Sequence[ValidationPoint], rarest: int) -> bool:
    """Tell whether the last third of the training improved the validation AUC by less than 0.002.

    On a small validation split one image moves more than that, so a quarter of what one image of its rarest class can
    move, ``1 / (4 rarest)``, is allowed too. A curve of fewer than three points tells nothing and has not plateaued.

    Args:
        curve: The validation curve.
        rarest: Validation images of the rarest class that were looked at.
    """
    aucs = [point.auc for point in curve if point.auc is not None]
    before = len(aucs) - len(aucs) // 3
    if len(aucs) < 3:
        return False
    return max(aucs[before:]) - max(aucs[:before]) < max(PLATEAU, 0.25 / rarest)


def _next(point: ValidationPoint, patience: Patience, waited: int, best: float) -> tuple[int, float]:
    """Return for how many looks nothing has got better, and the best so far."""
    merit = point.merit(patience.watched)
    return (0, merit) if merit > best + patience.least else (waited + 1, best)

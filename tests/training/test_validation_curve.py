import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetyk.training.validation_curve import (
    Patience,
    RateFall,
    ValidationPoint,
    exhausted,
    fallen_rate,
    falls,
    has_plateaued,
    kept_point,
    worth_keeping,
)


def curve(*aucs: float | None) -> list[ValidationPoint]:
    return [ValidationPoint(step=i, loss=0, accuracy=0, auc=auc) for i, auc in enumerate(aucs)]


def test_a_flat_or_falling_curve_has_plateaued_and_a_rising_one_has_not() -> None:
    assert has_plateaued(curve(0.6, 0.8, 0.9, 0.9, 0.901, 0.9), rarest=1000)
    assert has_plateaued(curve(0.6, 0.9, 0.95, 0.95, 0.8, 0.8), rarest=1000)
    assert not has_plateaued(curve(0.6, 0.7, 0.75, 0.8, 0.82, 0.84), rarest=1000)
    assert not has_plateaued(curve(0.9, 0.9), rarest=1000)
    assert not has_plateaued(curve(None, None, None, None), rarest=1000)


def test_the_lowest_loss_is_kept_among_aucs_that_one_image_could_exchange() -> None:
    looks = [
        ValidationPoint(step=step, loss=loss, accuracy=0, auc=auc)
        for step, loss, auc in ((1, 0.1, 0.80), (2, 0.6, 0.95), (3, 0.3, 0.92), (4, 0.4, 0.94))
    ]
    assert kept_point(looks, "best", rarest=1000).step == 2
    assert kept_point(looks, "best", rarest=50).step == 4
    assert kept_point(looks, "best", rarest=25).step == 3
    assert kept_point(looks, "best", rarest=2).step == 1


def test_few_validation_images_widen_what_counts_as_a_plateau() -> None:
    rising = curve(0.6, 0.8, 0.9, 0.9, 0.91, 0.91)
    assert has_plateaued(rising, rarest=20)
    assert not has_plateaued(rising, rarest=40)


def test_looks_that_another_beats_in_every_way_are_not_worth_keeping() -> None:
    rows = [(10, 0.9, 0.80), (20, 0.5, 0.85), (30, 0.4, 0.84), (40, 0.45, 0.83), (50, 0.4, 0.84)]
    curve = [ValidationPoint(step=step, loss=loss, accuracy=0.5, auc=auc) for step, loss, auc in rows]
    assert [point.step for point in worth_keeping(curve)] == [20, 30, 50]


def losses(*values: float) -> list[ValidationPoint]:
    return [ValidationPoint(step=step, loss=loss, accuracy=0.5, auc=0.5) for step, loss in enumerate(values, start=1)]


@pytest.mark.parametrize(("keep", "step"), [("loss", 2), ("accuracy", 3), ("auc", 1), ("last", 4)])
def test_the_best_of_one_measure_or_the_last_can_be_kept(keep, step):
    rows = [(1, 0.4, 0.5, 0.9), (2, 0.2, 0.6, 0.8), (3, 0.3, 0.7, 0.7), (4, 0.9, 0.1, 0.1)]
    looks = [ValidationPoint(step=n, loss=loss, accuracy=accuracy, auc=auc) for n, loss, accuracy, auc in rows]
    assert kept_point(looks, keep, rarest=10).step == step


measures = st.tuples(*[st.integers(0, 4)] * 3)


@given(
    st.lists(measures, min_size=1, max_size=8),
    st.sampled_from(["best", "loss", "accuracy", "auc", "last"]),
    st.integers(1, 12),
)
def test_whatever_is_kept_in_the_end_was_worth_keeping_all_along(rows, keep, rarest):
    looks = [
        ValidationPoint(step=n, loss=loss, accuracy=accuracy / 4, auc=auc / 4)
        for n, (loss, accuracy, auc) in enumerate(rows)
    ]
    kept = kept_point(looks, keep, rarest)
    assert all(kept in worth_keeping(looks[:end]) for end in range(kept.step + 1, len(looks) + 1))


def keras_stops(values, patience, least, after):
    """The epoch after which Keras' EarlyStopping ends a training, None if it does not; as its documentation has it."""
    best, wait = np.inf, 0
    for epoch, value in enumerate(values):
        if epoch < after:
            continue
        wait += 1
        if value < best - least:
            best, wait = value, 0
        elif wait >= patience:
            return epoch
    return None


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.5, 1.0]),
    st.integers(0, 3),
)
def test_a_training_ends_where_keras_ends_it(values, looks, least, after):
    patience = Patience(looks=looks, least=least, after=after)
    ends = [exhausted(losses(*values[: epoch + 1]), patience) for epoch in range(len(values))]
    assert (ends.index(True) if True in ends else None) == keras_stops(values, looks, least, after)


def keras_falls(values, patience, least, rest):
    """How often Keras' ReduceLROnPlateau lowers the rate."""
    best, wait, cooldown, count = np.inf, 0, 0, 0
    for value in values:
        if cooldown > 0:
            cooldown, wait = cooldown - 1, 0
        if value < best - least:
            best, wait = value, 0
        elif cooldown <= 0:
            wait += 1
            if wait >= patience:
                count, cooldown, wait = count + 1, rest, 0
    return count


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=14),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.5]),
    st.integers(0, 3),
)
def test_the_rate_falls_as_often_as_kerass(values, looks, least, rest):
    rule = RateFall(patience=Patience(looks=looks, least=least), rest=rest)
    assert falls(losses(*values), rule) == keras_falls(values, looks, least, rest)


def test_a_rate_never_falls_below_the_lowest_and_is_never_raised_to_it():
    rule = RateFall(patience=Patience(looks=1), factor=0.1, lowest=0.02)
    assert fallen_rate(1.0, losses(1), rule) == 1.0
    assert fallen_rate(1.0, losses(1, 1), rule) == pytest.approx(0.1)
    assert fallen_rate(1.0, losses(1, 1, 1, 1), rule) == 0.02
    assert fallen_rate(0.001, losses(1, 1), rule) == 0.001

import numpy as np
import pytest

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.bootstrap import group_draws
from synthetyk.metrics.calibration import expected_calibration_error
from synthetyk.metrics.group_intervals import accuracy_interval, calibration_interval


def predictions(count=120, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    chance = np.clip(0.5 + (labels - 0.5) * rng.uniform(-0.2, 1, count), 0.01, 0.99)
    return np.stack([1 - chance, chance], axis=1), labels


def test_the_values_are_accuracy_and_calibration_error():
    p, labels = predictions()
    groups = np.arange(len(labels))
    assert accuracy_interval(p, labels, groups).value == pytest.approx((p.argmax(axis=1) == labels).mean())
    assert calibration_interval(p, labels, groups).value == pytest.approx(expected_calibration_error(p, labels))


def test_a_resample_is_scored_as_if_its_images_stood_there_as_often_as_drawn():
    p, labels = predictions(40)
    groups = np.arange(40) // 2
    drawn = group_draws(groups, labels, 50, seeding.generator(3, "bootstrap/groups"))[:, groups]
    rows = [np.repeat(np.arange(40), times) for times in drawn]
    errors = [expected_calibration_error(p[each], labels[each]) for each in rows]
    found = calibration_interval(p, labels, groups, resamples=50, seed=3)
    np.testing.assert_allclose([found.low, found.high], np.percentile(errors, [2.5, 97.5]))
    shares = [(p[each].argmax(axis=1) == labels[each]).mean() for each in rows]
    found = accuracy_interval(p, labels, groups, resamples=50, seed=3)
    np.testing.assert_allclose([found.low, found.high], np.percentile(shares, [2.5, 97.5]))


def test_images_of_few_patients_say_less_than_as_many_of_their_own():
    p, labels = predictions()
    order = np.lexsort((p.argmax(axis=1) == labels, labels))
    alone, together = (
        accuracy_interval(p[order], labels[order], groups) for groups in (np.arange(120), np.arange(120) // 10)
    )
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_a_class_without_an_image_is_refused():
    p, labels = predictions()
    with pytest.raises(MetricError):
        accuracy_interval(p, np.zeros_like(labels), np.arange(120))

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from synthetyk.core.errors import MetricError
from synthetyk.metrics.calibration import brier_score, expected_calibration_error, reliability_curve


def example(seed: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(classes, 0.5), size=300), rng.permutation(np.arange(300) % classes)


@given(st.integers(0, 2**31), st.integers(2, 5))
@settings(max_examples=20, deadline=None)
def test_calibration_error_is_that_of_torchmetrics(seed: int, classes: int):
    p, labels = example(seed, classes)
    peer = multiclass_calibration_error(torch.from_numpy(p), torch.from_numpy(labels), classes, n_bins=15)
    assert expected_calibration_error(p, labels) == pytest.approx(float(peer), abs=1e-5)


def test_curve_is_sklearns():
    p, labels = example(1, 3)
    accuracy, confidence = calibration_curve(p.argmax(1) == labels, p.max(1), n_bins=15)
    curve = reliability_curve(p, labels)
    assert curve.accuracy == pytest.approx(accuracy)
    assert curve.confidence == pytest.approx(confidence)
    assert sum(curve.count) == 300


@pytest.mark.parametrize("classes", [2, 4])
def test_brier_score_is_sklearns(classes: int):
    p, labels = example(2, classes)
    assert brier_score(p, labels) == pytest.approx(brier_score_loss(labels, p[:, 1] if classes == 2 else p))


def test_a_bin_holds_its_upper_edge():
    p = np.array([[0.6, 0.4], [0.61, 0.39], [0.3, 0.7], [0.0, 1.0]])
    assert reliability_curve(p, np.array([0, 0, 1, 1]), bins=5).count == (1, 2, 1)


def test_certainty_that_is_right_is_calibrated_and_wrong_is_not():
    sure, labels = np.eye(2)[[0, 1, 0, 1]], np.array([0, 1, 0, 1])
    assert (expected_calibration_error(sure, labels), brier_score(sure, labels)) == (0, 0)
    assert (expected_calibration_error(sure, 1 - labels), brier_score(sure, 1 - labels)) == (1, 1)


def test_what_is_no_distribution_is_refused():
    with pytest.raises(MetricError):
        brier_score(np.ones((4, 2)), np.arange(4) % 2)

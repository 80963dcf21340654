import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import polynomial_kernel
from torchmetrics.image.kid import KernelInceptionDistance

from synthetyk.core.errors import MetricError
from synthetyk.metrics.kernel import kernel_distance, kernel_distance_interval

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(700, 8)), RNG.normal(size=(620, 8)) * 1.2 + 0.2


class Flat(torch.nn.Module):
    num_features = 8

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def test_distance_is_that_of_sklearns_kernel():
    def mean_without_diagonal(gram: np.ndarray) -> float:
        return (gram.sum() - np.trace(gram)) / (len(gram) * (len(gram) - 1))

    within = sum(mean_without_diagonal(polynomial_kernel(side, degree=3, coef0=1)) for side in (X, Y))
    expected = within - 2 * polynomial_kernel(X, Y, degree=3, coef0=1).mean()
    assert kernel_distance(X, Y) == pytest.approx(expected, rel=1e-10)


def test_distance_is_that_of_torchmetrics():
    peer = KernelInceptionDistance(feature=Flat(), subsets=1, subset_size=600, normalize=True)
    peer.update(torch.from_numpy(X[:600]).reshape(-1, 2, 2, 2), real=True)
    peer.update(torch.from_numpy(Y[:600]).reshape(-1, 2, 2, 2), real=False)
    assert kernel_distance(X[:600], Y[:600]) == pytest.approx(float(peer.compute()[0]), rel=1e-5)


def test_distance_is_unbiased():
    rng = np.random.default_rng(1)
    values = [kernel_distance(*rng.normal(size=(2, 20, 3))) for _ in range(400)]
    assert abs(np.mean(values)) < 3 * np.std(values) / 20
    assert min(values) < 0


def test_interval_holds_its_value_and_excludes_zero_for_different_sets():
    interval = kernel_distance_interval(X, Y, resamples=200, seed=1)
    assert interval.value == kernel_distance(X, Y)
    assert 0 < interval.low < interval.value < interval.high


def test_interval_of_one_distribution_contains_zero():
    interval = kernel_distance_interval(X[:350], X[350:], resamples=200, seed=1)
    assert interval.low < 0 < interval.high


def test_interval_covers_the_true_distance():
    rng = np.random.default_rng(1)
    truth = np.mean([kernel_distance(*draw(rng)) for _ in range(800)])
    intervals = [kernel_distance_interval(*draw(rng), resamples=100, seed=k) for k in range(150)]
    assert 0.88 <= np.mean([i.low <= truth <= i.high for i in intervals]) <= 0.99


def draw(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(60, 3)), rng.normal(size=(60, 3)) + 0.4


def test_interval_is_the_same_for_the_same_seed():
    first, second, other = (kernel_distance_interval(X, Y, resamples=20, seed=seed) for seed in (1, 1, 2))
    assert first == second != other


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_distance_is_symmetric_and_blind_to_order(seed: int):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(15, 4)), rng.normal(size=(9, 4)) + rng.normal()
    assert kernel_distance(b, a) == pytest.approx(kernel_distance(a, b), rel=1e-9, abs=1e-8)
    assert kernel_distance(rng.permutation(a), b) == pytest.approx(kernel_distance(a, b), rel=1e-9, abs=1e-8)


@pytest.mark.parametrize("bad", [X[:1], X[:, :5], X * np.inf])
def test_input_without_a_distance_is_refused(bad: np.ndarray):
    with pytest.raises(MetricError):
        kernel_distance(bad, Y)


def test_two_images_still_have_an_interval():
    interval = kernel_distance_interval(X[:2], Y[:40], resamples=100, seed=0)
    assert np.isfinite([interval.low, interval.high]).all()
    assert interval.low < interval.high

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torchmetrics.image.fid import FrechetInceptionDistance

from synthetyk.core.errors import MetricError
from synthetyk.metrics.frechet import FeatureStatistics, frechet_distance

RNG = np.random.default_rng(0)
A = RNG.normal(size=(200, 8)) @ RNG.normal(size=(8, 8)) + 3
B = RNG.normal(size=(150, 8)) @ RNG.normal(size=(8, 8))


class Flat(torch.nn.Module):
    num_features = 8

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def by_scipy(a: np.ndarray, b: np.ndarray) -> float:
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = sqrtm(cov_a @ cov_b)
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(cov_a + cov_b - 2 * root.real))


def test_distance_is_that_of_scipys_matrix_square_root():
    assert frechet_distance(A, B) == pytest.approx(by_scipy(A, B), rel=1e-10)


def test_distance_is_that_of_torchmetrics():
    peer = FrechetInceptionDistance(feature=Flat(), normalize=True).set_dtype(torch.float64)
    peer.update(torch.from_numpy(A).reshape(-1, 2, 2, 2), real=True)
    peer.update(torch.from_numpy(B).reshape(-1, 2, 2, 2), real=False)
    assert frechet_distance(A, B) == pytest.approx(float(peer.compute()), rel=1e-6)


def test_distance_of_two_scaled_gaussians_is_known():
    points = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) * np.sqrt(3 / 4)  # covariance is the identity
    assert frechet_distance(points, 3 * points + [2, 0]) == pytest.approx(4 + 2 * (3 - 1) ** 2)


def test_few_samples_of_many_dimensions_agree_with_their_statistics():
    a, b = RNG.normal(size=(20, 100)), RNG.normal(size=(30, 100)) + 1
    by_statistics = frechet_distance(FeatureStatistics.of(a), FeatureStatistics.of(b))
    assert frechet_distance(a, b) == pytest.approx(by_statistics, rel=1e-9)
    assert frechet_distance(a, b) == pytest.approx(by_scipy(a, b), rel=1e-4)  # sqrtm loses digits where it is singular


def test_singular_covariances_stay_accurate():
    line = RNG.normal(size=(300, 1)) * np.ones((1, 6))
    assert frechet_distance(line, line) == pytest.approx(0, abs=1e-10)
    assert frechet_distance(line, 2 * line) == pytest.approx(
        np.square(line.mean(0)).sum() + np.trace(np.cov(line, rowvar=False)), rel=1e-10
    )


def test_constant_features_leave_the_distance_of_the_means_and_the_other_variance():
    constant = np.zeros((20, 8))
    expected = np.square(A.mean(0)).sum() + np.trace(np.cov(A, rowvar=False))
    assert frechet_distance(constant, A) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(constant, constant + 1) == pytest.approx(8)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
def test_batches_of_any_size_give_the_statistics_of_the_whole(sizes: list[int]):
    x = np.random.default_rng(sum(sizes)).normal(size=(sum(sizes) + 2, 5)) + 1e4
    streamed = FeatureStatistics()
    for batch in np.split(x, np.cumsum(sizes)):
        streamed.update(batch.astype(np.float64))
    assert streamed.count == len(x)
    np.testing.assert_allclose(streamed.mean, x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(streamed.covariance, np.cov(x, rowvar=False), atol=1e-9)


def test_merging_is_seeing_both():
    merged = FeatureStatistics.of(A)
    merged.merge(FeatureStatistics.of(B))
    merged.merge(FeatureStatistics())
    np.testing.assert_allclose(merged.covariance, np.cov(np.concatenate([A, B]), rowvar=False), rtol=1e-10)


def test_merging_leaves_the_other_untouched():
    other, empty = FeatureStatistics.of(A), FeatureStatistics()
    empty.merge(other)
    empty.update(B)
    np.testing.assert_allclose(other.covariance, np.cov(A, rowvar=False), rtol=1e-10)


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_distance_is_symmetric_and_blind_to_order(seed: int):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(30, 4)), rng.normal(size=(12, 4)) * rng.uniform(0.1, 9)
    assert frechet_distance(a, b) >= 0
    assert frechet_distance(b, a) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(rng.permutation(a), b) == pytest.approx(frechet_distance(a, b), rel=1e-9)


@pytest.mark.parametrize("bad", [A[:1], A[:, :5], np.where(A > 3, np.nan, A), A[:, 0]])
def test_input_without_a_distance_is_refused(bad: np.ndarray):
    with pytest.raises(MetricError):
        frechet_distance(bad, B)


def test_statistics_of_one_sample_or_of_mixed_dimensions_are_refused():
    statistics = FeatureStatistics.of(A[:1])
    with pytest.raises(MetricError, match="at least 2"):
        frechet_distance(statistics, B)
    with pytest.raises(MetricError, match="dimension 8 and 3"):
        statistics.update(A[:, :3])

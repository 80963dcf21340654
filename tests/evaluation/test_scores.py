import numpy as np
import pytest

from synthetyk.evaluation.described import Described
from synthetyk.evaluation.scores import ScoreConfig, score
from synthetyk.metrics.kernel import kernel_distance

CONFIG = ScoreConfig(halvings=3, resamples=50)


def rows(count, seed, dimension=3):
    return Described(np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32), None)


def test_from_2048_images_the_frechet_distance_leads():
    real, synthetic, held_out = rows(2 * 2048, 0), rows(2048, 1), rows(30, 2)
    scores = score("overall", "stub", real, synthetic, held_out, config=CONFIG)
    assert scores.leads == "FD[stub]"
    assert "enough" in scores.leads_reason


def test_held_out_images_that_are_copies_leave_no_ratio():
    real = rows(60, 0)
    scores = score("overall", "stub", real, rows(30, 1), real.take(slice(25)), config=CONFIG)
    assert scores.ratio.value is None
    assert "copies of training images" in scores.ratio.reason
    assert not scores.void


def test_another_seed_takes_other_training_images():
    real, synthetic, held_out = rows(100, 0), rows(40, 1), rows(20, 2)
    first, again, other = (
        score("a", "stub", real, synthetic, held_out, config=CONFIG.replace(seed=seed)).frechet.value
        for seed in (0, 0, 1)
    )
    assert first == again != other


def test_the_interval_holds_the_kernel_distance():
    real, synthetic = rows(200, 0), Described(rows(100, 1).features + 2, None)
    kernel = score("a", "stub", real, synthetic, rows(20, 2), config=CONFIG).kernel
    assert kernel.low < kernel.value < kernel.high
    assert kernel.value == pytest.approx(kernel_distance(real.features, synthetic.features), rel=0.3)


def test_below_the_minimum_nothing_is_measured():
    scores = score("a", "stub", rows(40, 0), rows(19, 1), rows(20, 2), config=CONFIG)
    assert scores.kernel.value is None
    assert scores.kernel.name == "KD[stub]"
    assert scores.reason == "only 19 images on each side, 20 are needed"


def test_a_large_neighbourhood_needs_more_images():
    scores = score("a", "stub", rows(80, 0), rows(25, 1), rows(20, 2), config=CONFIG.replace(k=25))
    assert "26 are needed" in scores.reason

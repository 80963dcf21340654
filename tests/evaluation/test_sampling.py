import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetyk.evaluation.sampling import ImageSampler, proportional
from synthetyk.training.sampler import Sampler


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=8).filter(any), st.integers(0, 5000))
def test_shares_add_up_and_stay_within_one_of_proportion(counts, total):
    counts = np.array(counts)
    shares = proportional(counts, total)
    assert shares.sum() == total
    assert np.all(np.abs(shares - counts * total / counts.sum()) < 1)


@pytest.mark.parametrize(
    ("counts", "total", "shares"), [([3, 1], 4, [3, 1]), ([1, 1, 1], 4, [2, 1, 1]), ([0, 5], 2, [0, 2])]
)
def test_shares_of_known_counts(counts, total, shares):
    assert proportional(np.array(counts), total).tolist() == shares


def test_the_trained_sampler_keeps_the_protocol():
    sampler: ImageSampler = Sampler.__new__(Sampler)
    assert callable(sampler.sample)

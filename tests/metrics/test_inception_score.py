import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.inception import InceptionScore

from synthetyk.core.errors import MetricError
from synthetyk.metrics.inception_score import inception_score

RNG = np.random.default_rng(0)


class Flat(torch.nn.Module):
    num_features = 12

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images.flatten(1)


def test_score_is_that_of_torchmetrics():
    logits = RNG.normal(size=(300, 12)) * 3
    peer = InceptionScore(feature=Flat(), splits=1)
    peer.update(torch.from_numpy(logits).reshape(-1, 3, 2, 2))
    probabilities = torch.from_numpy(logits).softmax(1).numpy()
    assert inception_score(probabilities) == pytest.approx(float(peer.compute()[0]), rel=1e-5)


def test_sure_and_diverse_scores_the_number_of_classes():
    assert inception_score(np.eye(4)[np.arange(40) % 4]) == pytest.approx(4)


def test_all_alike_scores_one():
    assert inception_score(np.eye(4)[np.zeros(40, dtype=int)]) == pytest.approx(1)
    assert inception_score(np.full((40, 4), 0.25)) == pytest.approx(1)


@given(st.integers(0, 2**31), st.integers(2, 8))
@settings(max_examples=30, deadline=None)
def test_score_lies_between_one_and_the_number_of_classes(seed: int, classes: int):
    p = np.random.default_rng(seed).dirichlet(np.full(classes, 0.3), size=20)
    assert 1 - 1e-12 <= inception_score(p) <= classes + 1e-12


@pytest.mark.parametrize(
    "values",
    [np.abs(RNG.normal(size=(10, 2048))), RNG.normal(size=(10, 5)), np.array([[1.5, -0.5]]), np.ones((5, 1))],
    ids=["pooled features", "logits", "negative", "one class"],
)
def test_what_is_no_distribution_is_refused(values: np.ndarray):
    with pytest.raises(MetricError):
        inception_score(values)

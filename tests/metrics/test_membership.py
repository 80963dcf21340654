import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from synthetyk.metrics.membership import membership_auc

RNG = np.random.default_rng(0)
MEMBERS, OTHERS, FRESH = RNG.normal(size=(200, 6)), RNG.normal(size=(150, 6)), RNG.normal(size=(300, 6))


def test_value_is_sklearns_auc_of_the_nearest_distance():
    synthetic = np.concatenate([FRESH, MEMBERS[:50] + 0.1])
    index = NearestNeighbors(n_neighbors=1).fit(synthetic)
    score = -index.kneighbors(np.concatenate([MEMBERS, OTHERS]))[0][:, 0]
    expected = roc_auc_score(np.repeat([1, 0], [200, 150]), score)
    assert membership_auc(MEMBERS, OTHERS, synthetic, resamples=10, seed=0).value == pytest.approx(expected, rel=1e-9)


def test_independent_images_give_nobody_away():
    attack = membership_auc(MEMBERS, OTHERS, FRESH, seed=0)
    assert attack.low < 0.5 < attack.high


def test_copies_give_every_member_away():
    attack = membership_auc(MEMBERS, OTHERS, MEMBERS, seed=0)
    assert (attack.value, attack.low) == (1, 1)


def test_images_of_the_same_patients_widen_the_interval():
    members, others = np.repeat(MEMBERS, 5, axis=0), np.repeat(OTHERS, 5, axis=0)
    groups = {"member_groups": np.repeat(np.arange(200), 5), "non_member_groups": np.repeat(np.arange(150), 5)}
    single = membership_auc(members, others, FRESH, resamples=300, seed=0)
    grouped = membership_auc(members, others, FRESH, resamples=300, seed=0, **groups)
    assert grouped.high - grouped.low > 1.5 * (single.high - single.low)

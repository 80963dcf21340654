import numpy as np
import pytest

from synthetyk.evaluation.nearness import Nearness
from synthetyk.metrics.copies import find_copies
from synthetyk.metrics.neighbours import nearest, nearest_neighbour_ratio

RANDOM = np.random.default_rng(0)
TRAIN, REAL, OTHERS = (RANDOM.normal(90, 20, (n, 1, 4, 4)).astype(np.float32) for n in (600, 50, 700))
ALONE, STRANGERS = np.arange(600), np.arange(1000, 1050)


def test_distances_are_those_of_the_exact_search():
    found = Nearness(TRAIN, ALONE, REAL, STRANGERS).distances(OTHERS)
    assert found == pytest.approx(nearest(OTHERS, TRAIN)[0][:, 0], rel=1e-5)


def test_a_copy_is_at_zero():
    assert Nearness(TRAIN, ALONE, REAL, STRANGERS).distances(TRAIN[::7]).tolist() == [0] * 86


def test_the_ratio_and_what_counts_as_near_are_the_privacy_audits():
    nearness = Nearness(TRAIN, ALONE, REAL, STRANGERS)
    ratio = np.median(nearness.distances(OTHERS[:50])) / nearness.innocent
    assert ratio == pytest.approx(nearest_neighbour_ratio(OTHERS[:50], TRAIN, REAL, seed=0).ratio, rel=1e-5)
    assert nearness.near == pytest.approx(find_copies(OTHERS, TRAIN, REAL).threshold, rel=1e-5)


def test_training_images_are_not_compared_with_their_own_patients():
    patients = ALONE // 2
    nearness = Nearness(TRAIN, patients, TRAIN, patients)
    apart = [nearest(TRAIN[i : i + 1], TRAIN[patients != patients[i]])[0][0, 0] for i in range(40)]
    assert nearness.distances(TRAIN, patients)[:40] == pytest.approx(np.array(apart), rel=1e-5)


def test_copies_among_the_real_images_do_not_count():
    leaky = Nearness(TRAIN, ALONE, np.concatenate([REAL, TRAIN[:40]]), np.arange(1000, 1090))
    clean = Nearness(TRAIN, ALONE, REAL, STRANGERS)
    assert (leaky.innocent, leaky.near) == (clean.innocent, clean.near)


def test_where_all_real_images_are_copies_or_of_one_patient_nothing_is_innocent():
    assert Nearness(TRAIN, ALONE, TRAIN[:9], np.arange(1000, 1009)).innocent == 0
    assert Nearness(TRAIN, 0 * ALONE, TRAIN, 0 * ALONE).innocent == 0

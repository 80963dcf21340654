import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, norm

from synthetyk.core import seeding
from synthetyk.core.errors import MetricError
from synthetyk.metrics.auc import macro_auc, weighted_macro_auc
from synthetyk.metrics.bootstrap import (
    auc_samples,
    difference,
    group_draws,
    holm,
    image_weights,
    multiplicities,
    paired_difference,
    seed_draws,
    smallest_detectable_effect,
)

LABELS = np.arange(200) % 2
ALONE = np.arange(200)


def two_classes(logits: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-logits))
    return np.stack([1 - p, p], axis=-1)


def arm(rng: np.random.Generator, strength: float, *seeds: int, of_seeds: float = 0.1) -> np.ndarray:
    """Classifiers that share how hard each image is (drawn from rng 0) and differ by seed."""
    difficulty = np.random.default_rng(0).normal(size=200)
    own = of_seeds * rng.normal(size=(*seeds, 1)) + 0.3 * rng.normal(size=(*seeds, 200))
    return two_classes((2 * LABELS - 1) * (strength + own) + difficulty)


def test_value_is_the_mean_auc_of_the_seeds():
    a = arm(np.random.default_rng(1), 1, 5)
    samples = auc_samples(a, LABELS, ALONE, arm="a", resamples=50, seed=0)
    assert samples.value == pytest.approx(np.mean([macro_auc(p, LABELS) for p in a]))
    assert samples.interval.low < samples.value < samples.interval.high


def test_three_classes_are_bootstrapped_by_their_macro_auc():
    rng = np.random.default_rng(1)
    labels = np.arange(90) % 3
    p = rng.dirichlet(np.ones(3), size=(4, 90)) / 2 + np.eye(3)[labels] / 2
    samples = auc_samples(p, labels, np.arange(90), arm="a", resamples=50, seed=0)
    assert samples.value == pytest.approx(np.mean([macro_auc(q, labels) for q in p]))


def test_identical_arms_show_no_difference():
    a = arm(np.random.default_rng(1), 1, 5)
    d = paired_difference(a, a, LABELS, ALONE, resamples=500, seed=0)
    assert d.mean == 0
    assert d.low <= 0 <= d.high
    assert d.p_value > 0.5


def test_a_clearly_better_arm_is_seen():
    rng = np.random.default_rng(1)
    d = paired_difference(arm(rng, 2, 5), arm(rng, 1, 5), LABELS, ALONE, resamples=500, seed=0)
    assert 0 < d.low < d.mean < d.high
    assert d.p_value == pytest.approx(2 / 501)
    assert d.resamples == 500


def test_swapping_the_arms_turns_the_sign():
    rng = np.random.default_rng(1)
    a, b = (auc_samples(arm(rng, 1, 5), LABELS, ALONE, arm=name, resamples=200, seed=0) for name in "ab")
    one, other = difference(a, b), difference(b, a)
    assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low))
    assert (one.p_value, one.standard_error) == pytest.approx((other.p_value, other.standard_error))


def test_the_same_seed_gives_the_same_interval():
    rng = np.random.default_rng(1)
    a, b = arm(rng, 1.2, 3), arm(rng, 1, 5)
    first, second, other = (paired_difference(a, b, LABELS, ALONE, resamples=50, seed=seed) for seed in (1, 1, 2))
    assert first == second
    assert first.low != other.low


def test_arms_share_test_images_so_that_pairing_narrows_the_interval():
    rng = np.random.default_rng(1)
    a, b = arm(rng, 1.1, 5), arm(rng, 1, 5)
    paired = paired_difference(a, b, LABELS, ALONE, resamples=500, seed=0)
    apart = [auc_samples(p, LABELS, ALONE, arm=n, resamples=500, seed=s) for n, s, p in (("a", 0, a), ("b", 1, b))]
    assert paired.standard_error < 0.8 * difference(*apart).standard_error


def test_images_of_the_same_patients_widen_the_interval():
    a = arm(np.random.default_rng(1), 1, 5)
    repeated, labels = np.repeat(a, 4, axis=1), np.repeat(LABELS, 4)
    single = auc_samples(repeated, labels, np.arange(800), arm="a", resamples=300, seed=0).samples
    grouped = auc_samples(repeated, labels, np.repeat(ALONE, 4), arm="a", resamples=300, seed=0).samples
    assert grouped.std() > 1.4 * single.std()


def test_seeds_that_disagree_widen_the_interval():
    rng = np.random.default_rng(1)
    close, far = (
        auc_samples(arm(rng, 1, 5, of_seeds=spread), LABELS, ALONE, arm="a", resamples=300, seed=0).samples.std()
        for spread in (0, 0.8)
    )
    assert far > 1.5 * close


def test_gan_seeds_that_disagree_widen_the_interval():
    rng = np.random.default_rng(1)
    gans = np.stack([arm(rng, strength, 5) for strength in (0.5, 1, 1.5)])
    nested = auc_samples(gans, LABELS, ALONE, arm="a", resamples=300, seed=0)
    alike = auc_samples(arm(rng, 1, 3, 5), LABELS, ALONE, arm="a", resamples=300, seed=0)
    assert nested.samples.std() > 1.5 * alike.samples.std()
    assert nested.value == pytest.approx(np.mean([macro_auc(p, LABELS) for gan in gans for p in gan]))


def test_bootstrap_variance_over_few_seeds_is_that_of_their_mean():
    rng = np.random.default_rng(1)
    patient = np.stack([arm(rng, strength, 1)[0, :10] for strength in (0.1, 0.5, 1, 2)])
    p = np.tile(patient, (1, 20, 1))  # twenty patients that are all alike, so that drawing patients changes nothing
    samples = auc_samples(p, LABELS, np.repeat(np.arange(20), 10), arm="a", resamples=4000, seed=0).samples
    assert samples.std() == pytest.approx(np.std([macro_auc(q, LABELS) for q in p], ddof=1) / 2, rel=0.05)


def test_one_classifier_seed_leaves_only_the_test_images():
    a = arm(np.random.default_rng(1), 1, 1)
    one, other = (auc_samples(a, LABELS, ALONE, arm=name, resamples=50, seed=0).samples for name in "ab")
    np.testing.assert_array_equal(one, other)


def test_intervals_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(5)
    covered = []
    for study in range(200):
        labels = rng.permutation(np.arange(80) % 2)
        difficulty = rng.normal(size=80)

        def trained() -> np.ndarray:
            strength = 0.6 + 0.15 * rng.normal(size=(5, 1))
            return two_classes((2 * labels - 1) * strength + difficulty + 0.4 * rng.normal(size=80))  # noqa: B023

        d = paired_difference(trained(), trained(), labels, np.arange(80), resamples=200, seed=study)
        covered.append(d.low <= 0 <= d.high)
    assert 0.88 <= np.mean(covered) <= 0.99


def test_every_resample_holds_every_class():
    labels = np.r_[np.zeros(30, int), 1, 1]  # an eighth of the resamples would lack class 1
    p = two_classes(np.random.default_rng(1).normal(size=(2, 32)))
    samples = auc_samples(p, labels, np.arange(32), arm="a", resamples=500, seed=0).samples
    assert np.isfinite(samples).all()


def test_classes_in_too_few_groups_are_refused():
    labels = np.arange(12)
    p = np.full((1, 12, 12), 1 / 12)
    with pytest.raises(MetricError, match="too few to resample"):
        auc_samples(p, labels, labels, arm="a", resamples=20, seed=0)


@pytest.mark.parametrize(
    ("shape", "groups"), [((200, 2), ALONE), ((0, 200, 2), ALONE), ((3, 200, 2), ALONE[:5]), ((1, 3, 199, 2), ALONE)]
)
def test_shapes_that_do_not_fit_are_refused(shape: tuple[int, ...], groups: np.ndarray):
    with pytest.raises(MetricError):
        auc_samples(np.full(shape, 0.5), LABELS, groups, arm="a", resamples=5, seed=0)


def test_scores_are_those_of_all_resamples_at_once():
    a, groups = arm(np.random.default_rng(1), 1, 3), ALONE // 2
    draws = group_draws(groups, LABELS, 700, seeding.generator(4, "bootstrap/groups"))
    chosen = seed_draws((1, 3), 700, seeding.generator(4, "bootstrap/seeds/a"))
    at_once = np.mean([weighted_macro_auc(p, LABELS, draws[:, groups]) for p in a], axis=0)
    found = auc_samples(a, LABELS, groups, arm="a", resamples=700, seed=4)
    np.testing.assert_array_equal(found.samples, at_once + (chosen @ [macro_auc(p, LABELS) for p in a] - found.value))


def test_a_large_test_split_is_never_resampled_as_a_whole():
    count = 20_000
    p, labels = two_classes(np.random.default_rng(1).normal(size=(1, count))), np.arange(count) % 2
    tracemalloc.start()
    auc_samples(p, labels, np.arange(count), arm="a", resamples=1000, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1000 * count  # what one array of int64 for all resamples would take


def test_images_are_drawn_with_their_group():
    draws = multiplicities(3, 700, np.random.default_rng(0))
    numbers = np.array([2, 0, 2, 1])
    found = np.concatenate([weights for _, weights in image_weights(draws, numbers)])
    np.testing.assert_array_equal(found, draws[:, numbers])


def test_smallest_detectable_effect_is_found_with_the_stated_power():
    rng = np.random.default_rng(1)
    d = paired_difference(arm(rng, 1, 5), arm(rng, 1, 5), LABELS, ALONE, resamples=300, seed=0)
    effect = smallest_detectable_effect(d)
    assert norm.sf(1.959964 - effect / d.standard_error) == pytest.approx(0.8, abs=1e-5)
    assert smallest_detectable_effect(d, power=0.9) > effect


def test_holm_is_the_worked_example():
    assert holm([0.01, 0.04, 0.03, 0.005]).tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=12))
@settings(deadline=None)
def test_holm_lies_between_the_raw_and_bonferronis(p_values: list[float]):
    corrected = holm(p_values)
    assert (corrected >= np.array(p_values) - 1e-15).all()
    assert (corrected <= np.minimum(np.array(p_values) * len(p_values), 1) + 1e-15).all()
    assert (corrected >= false_discovery_control(p_values) - 1e-12).all()  # Holm guards against more, so it gives more
    order = np.argsort(p_values)
    assert (np.diff(corrected[order]) >= 0).all()


def test_multiplicities_of_many_resamples_are_one_stream_of_draws():
    drawn = np.random.default_rng(3).integers(7, size=(700, 7))
    expected = [np.bincount(row, minlength=7) for row in drawn]
    np.testing.assert_array_equal(multiplicities(7, 700, np.random.default_rng(3)), expected)


def test_multiplicities_are_fair_draws_with_replacement():
    drawn = multiplicities(10, 4000, np.random.default_rng(0))
    assert (drawn.sum(axis=1) == 10).all()
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.08)
    np.testing.assert_allclose(drawn.var(axis=0), 0.9, atol=0.1)

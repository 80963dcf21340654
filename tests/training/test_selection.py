import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetyk.training.selection import Candidate, MemoryConfig, Selection, best, could_win, equals, memorising

CONFIG = MemoryConfig()


def candidate(step, kd, *, weights="ema", attempt=0, **scores):
    return Candidate(step=step, kimg=step / 10, weights=weights, attempt=attempt, scores={"val_kd": kd, **scores})


def selection(*candidates):
    made = Selection()
    for one in candidates:
        made.add(one)
    return made


def test_nothing_is_best_before_there_is_a_candidate():
    assert selection().best is None
    assert selection().reason == ""


def test_the_lowest_distance_wins_where_errors_are_small():
    found = best([candidate(1, 0.3, val_kd_error=0.01), candidate(2, 0.1, val_kd_error=0.01), candidate(3, 0.2)])
    assert found.step == 2


def test_the_latest_of_those_within_their_own_error_wins():
    found = best([candidate(1, 0.1), candidate(2, 0.14, val_kd_error=0.05), candidate(3, 0.16, val_kd_error=0.05)])
    assert found.step == 2


def test_a_higher_auc_wins_among_those_within_their_error():
    kept = {"val_kd_error": 0.1, "val_auc_error": 0.01}
    found = best([candidate(1, 0.15, val_auc=0.9, **kept), candidate(2, 0.1, val_auc=0.8, **kept)])
    assert found.step == 1


def test_an_auc_within_its_error_of_the_highest_counts_as_equal():
    kept = {"val_kd_error": 0.1, "val_auc_error": 0.1}
    found = best([candidate(1, 0.15, val_auc=0.85, **kept), candidate(2, 0.1, val_auc=0.8, **kept)])
    assert found.step == 2


def test_the_auc_of_one_too_far_away_decides_nothing():
    found = best([candidate(1, 0.5, val_auc=0.99), candidate(2, 0.1, val_auc=0.8), candidate(3, 0.1, val_auc=0.7)])
    assert found.step == 2


def test_a_missing_auc_is_below_every_other():
    assert best([candidate(1, 0.1, val_auc=0.4), candidate(2, 0.1)]).step == 1


def test_of_one_step_the_averaged_weights_win_a_tie():
    pair = [candidate(1, 0.1), candidate(1, 0.1, weights="raw")]
    assert best(pair).weights == best(pair[::-1]).weights == "ema"


def test_a_step_made_again_after_a_rollback_is_later():
    assert best([candidate(5, 0.1), candidate(3, 0.1, attempt=1)]).attempt == 1


@pytest.mark.parametrize(
    "scores", [{"nn_ratio_features": 0.69}, {"nn_ratio_features": 0.89, "nn_ratio_pixels": 0.69}, {"exact_copies": 1}]
)
def test_a_void_candidate_never_wins_over_another(scores):
    assert best([candidate(1, 0.9, nn_ratio_features=0.9), candidate(2, 0.1, **scores)]).step == 1


def test_smooth_images_are_not_void():
    smooth = candidate(2, 0.1, nn_ratio_features=0.8, nn_ratio_pixels=0.9)
    assert best([candidate(1, 0.9, nn_ratio_features=1.0), smooth]) == smooth


def test_of_candidates_as_good_one_that_lies_as_far_from_training_as_new_images_wins():
    near, apart = candidate(2, 0.1, nn_ratio_features=0.89), candidate(1, 0.1, nn_ratio_features=0.9)
    assert best([apart, near]) == apart


def test_among_void_candidates_the_rule_is_the_same():
    assert best([candidate(1, 0.1, exact_copies=1), candidate(2, 0.2, exact_copies=1)]).step == 1


def test_a_candidate_too_far_from_the_lowest_distance_can_be_thrown_away():
    far, near = candidate(1, 0.3, val_kd_error=0.1), candidate(2, 0.1)
    assert not could_win(far, [far, near])
    assert could_win(near, [far, near])


def test_an_earlier_candidate_that_a_better_one_may_yet_leave_behind_is_kept():
    """The later one wins now, but a lower distance would put it out of reach sooner."""
    earlier, later = candidate(1, 0.1, val_kd_error=0.05), candidate(2, 0.12, val_kd_error=0.02)
    assert best([earlier, later]) == later
    assert could_win(earlier, [earlier, later])
    assert best([earlier, later, candidate(0, 0.06)]) == earlier


scores = st.fixed_dictionaries(
    {"val_kd": st.integers(0, 6), "val_kd_error": st.integers(0, 3), "nn_ratio_features": st.sampled_from([0.8, 1.0])},
    optional={"val_auc": st.integers(0, 6), "val_auc_error": st.integers(0, 3), "exact_copies": st.integers(0, 1)},
)
histories = st.lists(st.tuples(scores, st.sampled_from(["ema", "raw"])), min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(histories)
def test_what_could_not_win_once_never_wins_again(history):
    made, lost = Selection(), []
    for step, (values, weights) in enumerate(history):
        made.add(Candidate(step=step, kimg=step, weights=weights, scores=values))
        assert made.could_win(made.best)
        assert made.best not in lost
        assert not any(map(made.could_win, lost))
        lost = [one for one in made.candidates if not made.could_win(one)]


@settings(max_examples=100, deadline=None)
@given(histories, st.randoms())
def test_the_order_of_arrival_changes_nothing(history, random):
    made = [Candidate(step=i, kimg=i, weights=w, scores=s) for i, (s, w) in enumerate(history)]
    mixed = random.sample(made, len(made))
    assert best(mixed) == best(made)
    assert {one.step for one in equals(mixed)} == {one.step for one in equals(made)}


def test_the_state_comes_back_through_json():
    made, other = selection(candidate(1, 0.1, val_auc=0.9), candidate(2, 0.2, weights="raw", attempt=1)), Selection()
    other.load_state_dict(json.loads(json.dumps(made.state_dict())))
    assert other.candidates == made.candidates
    assert other.best == made.best


def test_the_reason_says_why_and_what_the_other_weights_reached():
    kept = {"val_auc": 0.91, "val_auc_error": 0.02, "val_kd_error": 0.05}
    made = selection(candidate(100, 0.1, **kept), candidate(200, 0.12, **kept), candidate(200, 0.4, weights="raw"))
    assert made.reason == (
        "The averaged weights at 20.0 kimg, the latest of 2 among 3 candidates that measurement cannot tell apart from "
        "the best: kernel distance to validation images 0.1200 ± 0.0500 (lowest 0.1000), AUC of classifiers trained on "
        "its images alone 0.9100 ± 0.0200 (highest 0.9100). The raw weights came down to 0.4000."
    )


def test_the_reason_speaks_of_void_candidates():
    void = candidate(2, 0.1, exact_copies=1)
    assert "1 of the candidates stayed out, void, because" in selection(candidate(1, 0.2), void).reason
    assert "All candidates are void" in selection(void).reason


def near(step, ratio, kd=0.1, *, pixels=1.0, **scores):
    return candidate(step, kd, nn_ratio_features=ratio, nn_ratio_pixels=pixels, val_kd_error=0.02, **scores)


def test_generated_images_that_come_nearer_and_nearer_are_memorised():
    history = [near(step, ratio) for step, ratio in enumerate([1.0, 0.95, 0.65, 0.5])]
    assert [memorising(history[:count], CONFIG) is not None for count in range(1, 5)] == [False, False, False, True]
    assert memorising(history, CONFIG) == (
        "Memorisation: generated images lie nearer to training images than held-out ones do, by a ratio of 0.65 at 0.2 "
        "kimg and 0.50 at 0.3 kimg (limit 0.70)"
    )


def test_nearness_in_pixels_counts_where_the_features_are_void_too():
    history = [near(1, 1.0), near(2, 0.85, pixels=0.6), near(3, 0.85, pixels=0.6)]
    assert memorising(history, CONFIG)
    smooth = [near(1, 1.0), near(2, 0.95, pixels=0.6), near(3, 0.95, pixels=0.6)]
    assert memorising(smooth, CONFIG) is None


def test_one_candidate_alone_is_no_sign():
    assert memorising([near(1, 1.0), near(2, 0.5), near(3, 1.0)], CONFIG) is None


def test_smooth_images_of_a_young_generator_are_not_memorised():
    """Averaged weights in a training on 140 head CTs: they end at 0.97."""
    ratios = [
        2.86,
        1.42,
        0.91,
        0.85,
        0.83,
        0.91,
        0.86,
        0.87,
        0.87,
        0.83,
        0.90,
        0.89,
        0.92,
        0.90,
        0.99,
        0.95,
        0.88,
        0.97,
    ]
    history = [near(step, ratio, kd=1 / (step + 1)) for step, ratio in enumerate(ratios)]
    assert not any(memorising(history[:count], CONFIG) for count in range(1, len(history) + 1))


def test_collapsed_images_are_near_but_too_far_away_to_be_memorised():
    assert memorising([near(1, 1.0, kd=0.1), near(2, 0.3, kd=0.9), near(3, 0.3, kd=0.9)], CONFIG) is None


@pytest.mark.parametrize("sign", [{"exact_copies": 1}, {"near_copies": 10}])
def test_copies_are_memorised_whatever_the_ratio_says(sign):
    history = [near(1, 1.0, **sign), near(2, 1.0, **sign)]
    assert memorising(history, CONFIG).startswith("Memorisation: generated images are copies of training images")


def test_a_few_near_copies_are_no_sign():
    assert memorising([near(1, 1.0, near_copies=9), near(2, 1.0, near_copies=9)], CONFIG) is None


def test_only_the_newest_kind_of_weights_is_judged():
    copies = [candidate(step, 0.1, weights="raw", exact_copies=3) for step in (1, 2)]
    assert memorising([*copies, candidate(2, 0.1)], CONFIG) is None
    assert memorising([copies[0], candidate(1, 0.1), copies[1]], CONFIG)


def test_nothing_is_said_where_nothing_could_be_measured():
    assert memorising([], CONFIG) is None
    assert memorising([candidate(1, 0.1), candidate(2, 0.1)], CONFIG) is None

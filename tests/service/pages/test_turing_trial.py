from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetyk.core.errors import RequestError
from synthetyk.service.pages.turing_trial import Score, Trial, fingerprint, least_beyond_chance, pairs_of

REALS = {label: [f"{label}-{n}" for n in range(20)] for label in ("a", "b", "c")}


def trial(**changes):
    return Trial(**{"id": "t", "model": "m", "pairs": 20, "seed": 1, "begun": 5, **changes})


@given(st.integers(0, 2**31), st.integers(4, 60))
def test_sides_classes_and_images_are_balanced(seed, count):
    pairs = pairs_of(trial(seed=seed, pairs=count), REALS)
    sides, classes = (Counter(getattr(pair, name) for pair in pairs) for name in ("real_side", "label"))
    assert len(pairs) == count
    assert abs(sides["left"] - sides["right"]) == count % 2
    assert max(classes.values()) - min(classes.values()) <= 1
    assert len({pair.real for pair in pairs}) == count
    assert len({(pair.label, pair.number) for pair in pairs}) == count
    assert all(pair.real.startswith(pair.label) for pair in pairs)


def test_the_same_seed_gives_the_same_pairs_and_another_gives_others():
    assert pairs_of(trial(), REALS) == pairs_of(trial(), REALS)
    assert pairs_of(trial(), REALS) != pairs_of(trial(seed=2), REALS)


def test_the_odd_pair_is_not_always_on_one_side():
    sides = {Counter(pair.real_side for pair in pairs_of(trial(seed=s, pairs=5), REALS))["left"] for s in range(20)}
    assert sides == {2, 3}


def test_neither_side_nor_class_can_be_told_from_the_place():
    first = [pairs_of(trial(seed=seed, pairs=6), REALS)[0] for seed in range(300)]
    assert 110 < sum(pair.real_side == "left" for pair in first) < 190
    assert min(Counter(pair.label for pair in first).values()) > 60


def test_a_class_with_few_images_gives_what_it_has():
    few = {"a": ["x"], "b": [str(n) for n in range(9)]}
    pairs = pairs_of(trial(pairs=20), few)
    assert Counter(pair.label for pair in pairs) == {"a": 1, "b": 9}


def test_without_real_images_there_is_no_trial():
    with pytest.raises(RequestError, match="no real image"):
        pairs_of(trial(), {})


def test_another_set_of_images_has_another_fingerprint():
    pairs = pairs_of(trial(), REALS)
    assert fingerprint(pairs) == fingerprint(pairs_of(trial(), REALS))
    assert fingerprint(pairs) != fingerprint(pairs[1:])


@pytest.mark.parametrize(
    ("right", "answered", "words"),
    [
        (18, 20, "more often than chance: something gives"),
        (2, 20, "takes the synthetic image for the real one"),
        (12, 20, "with 20 pairs at least 15 right answers"),
        (4, 4, "more often than chance: something gives"),
        (3, 3, "with 3 pairs no score could show more"),
        (1, 1, "with 1 pair no score could show more"),
    ],
)
def test_what_a_score_allows_to_conclude(right, answered, words):
    assert words in Score(right, answered, answered).sentence


def test_a_trial_that_was_ended_early_says_so():
    assert "ended early" in Score(5, 6, 20).sentence
    assert "ended early" not in Score(5, 6, 6).sentence


@pytest.mark.parametrize("trials", [4, 10, 20, 57, 100])
def test_the_least_score_beyond_chance_is_just_beyond(trials):
    least = least_beyond_chance(trials)
    assert Score(least, trials, trials).interval.low > 0.5 >= Score(least - 1, trials, trials).interval.low

from dataclasses import replace

import numpy as np
import pytest

from synthetyk.evaluation.training_distance import GENERATED, TrainingDistance


@pytest.fixture(scope="module")
def distance(blobs, projection):
    return TrainingDistance(blobs.train, projection, seed=0)


def test_new_images_are_near_and_too_similar_or_too_noisy_ones_are_far(distance, fresh, collapsed, noised):
    near, _ = distance(fresh)
    assert 0 <= near < 0.1 * min(distance(collapsed)[0], distance(noised)[0])
    assert distance(fresh)[0] == near


def test_each_class_is_drawn_in_proportion_to_its_training_images(distance, stand_in, fresh):
    asked = {}

    def draw(label, indices):
        asked[label] = len(indices)
        return fresh.draw(label, indices)

    distance(stand_in(draw))
    assert asked == {0: round(GENERATED * 160 / 240), 1: round(GENERATED * 80 / 240)}


def test_images_without_labels_are_drawn_without_a_class(make_blobs, projection, stand_in, fresh):
    unlabelled = make_blobs({"train": (40, 40)}, labelled=False)

    def half_and_half(label, indices):
        assert label is None
        return np.concatenate([fresh.draw(0, indices[::2]), fresh.draw(1, indices[1::2])])

    halves, lefts = stand_in(half_and_half, 0), stand_in(lambda label, indices: fresh.draw(0, indices), 0)
    distance = TrainingDistance(unlabelled.train, projection, seed=0)
    assert distance(halves)[0] < 0.2 * distance(lefts)[0]


def test_the_error_is_about_what_other_training_images_would_have_changed(make_blobs, projection, fresh):
    many = make_blobs({"train": (600, 600)}).train
    others = [many.select(np.arange(len(many)) % 10 == part) for part in range(10)]
    values, errors = np.transpose([TrainingDistance(some, projection, seed=0)(fresh) for some in others])
    assert 0.4 * values.std(ddof=1) < errors.mean() < 2.5 * values.std(ddof=1)


def test_more_training_images_make_the_error_smaller(make_blobs, projection, fresh):
    errors = [TrainingDistance(make_blobs({"train": (n, n)}).train, projection, seed=0)(fresh)[1] for n in (60, 600)]
    assert errors[1] < 0.5 * errors[0]


def test_the_images_of_one_patient_tell_of_no_error(blobs, projection, fresh):
    alone = replace(blobs.train, groups=np.zeros_like(blobs.train.groups))
    assert TrainingDistance(alone, projection, seed=0)(fresh)[1] == 0

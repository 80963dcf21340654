import numpy as np
import pytest

from synthetyk.evaluation.training_distance import GENERATED, TrainingDistance


@pytest.fixture(scope="module")
def distance(blobs, projection):
    return TrainingDistance(blobs.train, projection, seed=0)


def test_new_images_are_near_and_too_similar_or_too_noisy_ones_are_far(distance, fresh, collapsed, noised):
    near = distance(fresh)
    assert 0 <= near < 0.1 * min(distance(collapsed), distance(noised))
    assert distance(fresh) == near


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
    assert distance(halves) < 0.2 * distance(lefts)

import numpy as np
import pytest

from synthetyk.evaluation.class_distance import class_kernel_distance, mixture
from synthetyk.metrics.kernel import kernel_distance

RANDOM = np.random.default_rng(0)


def labelled(*classes):
    return np.concatenate(classes), np.repeat(np.arange(len(classes)), [len(rows) for rows in classes])


def measure(real, generated, mixed=None):
    mixed = np.ones(len(generated[0]), dtype=bool) if mixed is None else mixed
    return class_kernel_distance(real, generated, mixed, resamples=50, seed=0)


def test_classes_weigh_as_their_real_images_do():
    real, drawn = [RANDOM.normal(size=(n, 4)) for n in (30, 10)], [RANDOM.normal(k, 1, (20, 4)) for k in (0, 2)]
    apart = [kernel_distance(x, y) for x, y in zip(real, drawn, strict=True)]
    assert measure(labelled(*real), labelled(*drawn))[0] == pytest.approx(0.75 * apart[0] + 0.25 * apart[1])


def test_classes_that_are_mistaken_for_each_other_are_seen():
    left, right = RANDOM.normal(-2, 1, (40, 4)), RANDOM.normal(2, 1, (40, 4))
    right_way, wrong_way = (
        measure(labelled(left, right), labelled(*drawn)) for drawn in ([left, right], [right, left])
    )
    assert right_way[0] < 0.1 < 10 < wrong_way[0]
    assert kernel_distance(np.concatenate([left, right]), np.concatenate([right, left])) < 0.1


def test_a_class_with_one_real_image_is_left_out():
    real, drawn = labelled(RANDOM.normal(size=(20, 4)), np.full((1, 4), 50.0)), labelled(*RANDOM.normal(size=(2, 9, 4)))
    assert measure(real, drawn)[0] == pytest.approx(kernel_distance(real[0][:20], drawn[0][:9]))


def test_where_no_class_has_two_real_images_they_are_pooled():
    real, drawn = labelled(*RANDOM.normal(size=(3, 1, 4))), labelled(*RANDOM.normal(size=(3, 5, 4)))
    mixed = mixture(drawn[1], np.ones(3, dtype=np.int64))
    assert measure(real, drawn, mixed)[0] == pytest.approx(kernel_distance(real[0], drawn[0]))


def test_the_error_is_about_what_other_images_would_have_changed():
    real = RANDOM.normal(size=(80, 4))
    values, errors = np.transpose(
        [measure(labelled(real), labelled(RANDOM.normal(0.5, 1, (80, 4)))) for _ in range(40)]
    )
    assert values.std(ddof=1) < errors.mean() < 3 * values.std(ddof=1)  # real images are one more source of error


def test_more_images_make_the_error_smaller():
    errors = [
        measure(labelled(RANDOM.normal(size=(n, 4))), labelled(RANDOM.normal(0.5, 1, (n, 4))))[1] for n in (40, 400)
    ]
    assert errors[1] < 0.6 * errors[0]


def test_a_mixture_takes_the_first_of_each_class_in_proportion():
    labels = np.repeat([0, 1, 2], 10)
    assert np.bincount(labels[mixture(labels, np.array([5, 10, 0]))], minlength=3).tolist() == [5, 10, 0]
    assert mixture(labels, np.array([5, 10, 0]))[:6].tolist() == [True] * 5 + [False]
    assert mixture(labels, np.zeros(3, dtype=np.int64)).all()

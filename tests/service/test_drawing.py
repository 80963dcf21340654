import numpy as np
import pytest

from synthetyk.core.errors import RequestError
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.service.drawing import BYTES, DrawingRequest, plan


@pytest.fixture
def draws(package):
    return GeneratorSession.open(package)


def test_images_of_one_class_are_numbered_one_after_the_other(draws):
    drawing = plan(DrawingRequest(label="benign", count=3, first=5), draws)
    assert list(drawing.images) == [("benign", 5), ("benign", 6), ("benign", 7)]
    assert drawing.counts == {"benign": 3}
    assert drawing.seed == 7


def test_classes_take_turns_and_the_first_ones_have_one_more(draws):
    drawing = plan(DrawingRequest(balanced=True, count=5, seed=3), draws)
    expected = [("normal", 0), ("benign", 0), ("malignant", 0), ("normal", 1), ("benign", 1)]
    assert list(drawing.images) == expected
    assert drawing.counts == {"normal": 2, "benign": 2, "malignant": 1}
    drawn = np.array([0, 3, 1, 4, 2])  # class by class: where each belongs
    assert drawing.in_order(drawn[:, None]).ravel().tolist() == [0, 1, 2, 3, 4]


def test_fewer_images_than_classes_are_of_the_first_classes(draws):
    assert plan(DrawingRequest(balanced=True, count=2), draws).counts == {"normal": 1, "benign": 1}


def test_more_than_an_answer_may_hold_is_refused(draws):
    draws.about = draws.about.replace(shape=(3, 512, 512))
    most = BYTES // (3 * 512 * 512)
    assert plan(DrawingRequest(label="benign", count=most), draws).counts == {"benign": most}
    with pytest.raises(RequestError, match=f"at most {most}. Ask for the others by 'first'"):
        plan(DrawingRequest(label="benign", count=most + 1), draws)

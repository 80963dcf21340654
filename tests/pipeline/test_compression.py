import sys

import numpy as np
import pytest

from synthetyk.core.errors import NotApplicableError
from synthetyk.core.progress import silent
from synthetyk.data.dataset import Subset
from synthetyk.metrics.frechet import frechet_distance
from synthetyk.pipeline.compression import FIRST, compress_run, judge_of
from synthetyk.pipeline.run_folder import RunFolder


class Means:
    """Describes an image by the means of its halves."""

    name, dimension = "means", 2

    def features(self, images):
        return np.stack([images[..., :4].mean(axis=(1, 2, 3)), images[..., 4:].mean(axis=(1, 2, 3))], axis=1)

    def probabilities(self, images):
        return None


class Numbered:
    """Draws noise that depends on class and number alone."""

    def __init__(self, classes):
        self.classes, self.asked = classes, []

    def sample(self, label, indices):
        self.asked.append((label, len(indices), min(indices)))
        return np.random.default_rng(label or 0).integers(0, 256, (len(indices), 1, 8, 8), dtype=np.uint8)


def subset(labels):
    rows = np.arange(len(labels))
    images = np.random.default_rng(7).integers(0, 200, (len(labels), 1, 8, 8), dtype=np.uint8)
    names = ("a", "b") if max(labels) >= 0 else ()
    return Subset(images, rows, np.array(labels), rows, names)


@pytest.mark.parametrize(("labels", "shares"), [([0] * 30 + [1] * 10, [(0, 30), (1, 10)]), ([-1] * 40, [(None, 40)])])
def test_as_many_images_are_drawn_of_each_class_as_there_are(labels, shares):
    real, sampler = subset(labels), Numbered(0 if labels[0] < 0 else 2)
    judge = judge_of(real, Means(), seed=0)
    distance = judge.distance(sampler)
    assert sampler.asked == [(label, count, FIRST) for label, count in shares]
    drawn = np.concatenate([Numbered(2).sample(label, range(count)) for label, count in shares])
    assert distance == pytest.approx(frechet_distance(Means().features(real.all()), Means().features(drawn)))
    assert (judge.name, judge.images) == ("FD[means]", 40)


def test_a_judge_of_other_images_has_another_key():
    one, same, other = (judge_of(subset(labels), Means(), seed=0).key for labels in ([0] * 9, [0] * 9, [0] * 8))
    assert one == same != other


def test_without_the_packages_a_run_goes_on_and_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(NotApplicableError, match=r"synthetyk\[compress\]"):
        compress_run(RunFolder(tmp_path), None, silent)

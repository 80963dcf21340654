import numpy as np
from numpy.typing import NDArray

from synthetyk.metrics.extractor import FeatureExtractor


class Means:
    name, dimension = "means", 1

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return images.mean(axis=(2, 3), dtype=np.float32)


class MeansOfNoClass(Means):
    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        return None


def test_an_extractor_says_whether_it_classifies():
    assert isinstance(MeansOfNoClass(), FeatureExtractor)
    assert not isinstance(Means(), FeatureExtractor)

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from scipy.special import softmax
from tests.runtime.tiny import CLASSES, SHAPE, TEMPERATURE, classifier_part, tiny_classifier, tiny_manifest

from synthetyk.core.errors import PackageError, RequestError
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.manifest import PackagedClass
from synthetyk.runtime.package import open_package, write_package
from synthetyk.runtime.session import OnnxModel


def images(count):
    return np.random.default_rng(3).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


def session(batch=32, **changes):
    return ClassifierSession(OnnxModel(tiny_classifier(), "c"), classifier_part(**changes), batch=batch)


def test_a_prediction_is_what_the_network_says_of_pixels_in_minus_one_to_one():
    weights = {w.name: numpy_helper.to_array(w) for w in onnx.load_from_string(tiny_classifier()).graph.initializer}
    pixels = images(4) / 127.5 - 1
    maps = np.einsum("nchw,kc->nkhw", pixels, weights["w"][:, :, 0, 0]) + weights["b"][:, None, None]
    found = session().predict(images(4))
    np.testing.assert_allclose(found.activation_maps, maps, atol=1e-5)
    np.testing.assert_allclose(found.logits, maps.mean(axis=(2, 3)), atol=1e-5)
    np.testing.assert_allclose(found.probabilities, softmax(found.logits / TEMPERATURE, axis=1), atol=1e-6)


def test_more_images_than_a_batch_give_the_same_in_order():
    whole, pieces = session().predict(images(11)), session(batch=4).predict(images(11))
    np.testing.assert_allclose(pieces.probabilities, whole.probabilities, atol=1e-6)
    assert pieces.activation_maps.shape == (11, len(CLASSES), 8, 8)


def test_the_risk_is_the_probability_of_all_flagged_classes():
    found = session().predict(images(5))
    np.testing.assert_allclose(found.risk, found.probabilities[:, 1] + found.probabilities[:, 2], rtol=1e-6)


def test_without_a_flag_there_is_no_risk():
    assert session(classes=tuple(PackagedClass(name=name) for name in CLASSES)).predict(images(1)).risk is None


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 1, 8, 8), np.float32),
        np.zeros((2, 3, 8, 8), np.uint8),
        np.zeros((1, 8, 8), np.uint8),
        np.zeros((0, 1, 8, 8), np.uint8),
    ],
)
def test_other_images_are_refused_with_what_was_expected(wrong):
    with pytest.raises(RequestError, match=r"Expected uint8 \(N, 1, 8, 8\)"):
        session().predict(wrong)


def test_a_network_with_other_classes_than_the_manifest_is_refused():
    with pytest.raises(PackageError, match="has the outputs"):
        session(classes=(PackagedClass(name="a"), PackagedClass(name="b")))


def test_a_package_opens_its_classifier(package, tmp_path):
    assert ClassifierSession.open(package).predict(images(1)).probabilities.shape == (1, 3)
    write_package(tmp_path / "bare", tiny_manifest(), {})
    with pytest.raises(RequestError, match="no classifier"):
        ClassifierSession.open(open_package(tmp_path / "bare"))

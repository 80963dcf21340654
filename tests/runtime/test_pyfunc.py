import base64
import io
from types import SimpleNamespace

import numpy as np
import pytest
from mlflow.exceptions import MlflowException
from PIL import Image
from tests.runtime.tiny import CLASSES, tiny_manifest

from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.package import open_package, write_package
from synthetyk.runtime.pyfunc import PackagedModel

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8), dtype=np.uint8)


def loaded(folder, **config):
    model = PackagedModel()
    model.load_context(SimpleNamespace(artifacts={"package": str(folder)}, model_config=config or None))
    return model


def test_a_row_says_class_probabilities_and_risk(package_folder):
    rows = loaded(package_folder, threads=1, public_key="").predict(None, PIXELS)
    expected = ClassifierSession.open(open_package(package_folder)).predict(PIXELS)
    assert list(rows["class"]) == [CLASSES[k] for k in expected.probabilities.argmax(axis=1)]
    assert [list(p.values()) for p in rows["probabilities"]] == expected.probabilities.tolist()
    np.testing.assert_allclose(rows["risk"], expected.risk)
    assert "activation_maps" not in rows


def test_maps_come_if_asked_for(package_folder):
    rows = loaded(package_folder).predict(None, PIXELS, params={"maps": True})
    assert np.shape(rows["activation_maps"][0]["malignant"]) == (8, 8)


def test_images_are_generated_by_parameters(package_folder):
    asked = {"task": "generate", "label": "benign", "count": 2, "first": 3, "seed": 11, "truncation": 0.5}
    rows = loaded(package_folder).predict(None, None, params=asked)
    assert list(rows["index"]) == [3, 4]
    found = [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in rows["image"]]
    session = GeneratorSession.open(open_package(package_folder))
    assert np.array_equal(found, session.sample(1, [3, 4], seed=11, truncation=0.5)[:, 0])


def test_without_a_seed_it_is_that_of_the_package(package_folder):
    rows = loaded(package_folder).predict(None, None, params={"task": "generate", "label": "normal", "seed": -1})
    assert list(rows["seed"]) == [7]


@pytest.mark.parametrize(
    ("given", "params", "message"),
    [
        (None, {}, "NoneType"),
        ([b"hello"], {}, "Image 0: The content is no image"),
        (PIXELS, {"task": "diagnose"}, "task"),
        (None, {"task": "generate", "label": "none"}, "no class 'none'"),
    ],
)
def test_a_wrong_request_is_an_error_of_mlflows_that_blames_the_caller(package_folder, given, params, message):
    with pytest.raises(MlflowException, match=message) as caught:
        loaded(package_folder).predict(None, given, params=params)
    assert caught.value.get_http_status_code() == 400


def test_a_package_without_a_model_says_so(tmp_path):
    write_package(tmp_path / "bare", tiny_manifest(), {})
    for params in ({}, {"task": "generate"}):
        with pytest.raises(MlflowException, match="holds no"):
            loaded(tmp_path / "bare").predict(None, PIXELS, params=params)

import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from tests.runtime.tiny import CLASSES

from synthetyk.runtime.classifier import ClassifierSession


@pytest.fixture
def classifier(package):
    return ClassifierSession.open(package)


def agrees(prediction, classifier, png):
    expected = classifier.predict(classifier.prepare(png)[None])
    np.testing.assert_allclose(list(prediction["probabilities"].values()), expected.probabilities[0], atol=1e-6)
    np.testing.assert_allclose(prediction["details"]["risk_probability"], expected.risk[0], atol=1e-6)
    maps = list(prediction["details"]["activation_maps"].values())
    np.testing.assert_allclose(maps, expected.activation_maps[0], atol=1e-3)
    assert prediction["label"] == CLASSES[expected.probabilities[0].argmax()]
    assert prediction["risk"] == (prediction["label"] != "normal")


def test_an_image_is_stored_and_its_class_predicted(modelled, models, classifier, store, png):
    answer = modelled.post("/v1/predict", content=png, params={"label": "benign"})
    assert answer.status_code == 200
    found = answer.json()
    (model,) = models
    assert found["image"]["id"] == found["prediction"]["image"] == hashlib.sha256(png).hexdigest()
    assert found["image"]["label"] == "benign"
    assert found["prediction"]["model"] == model.sha256
    assert store.read(found["image"]["id"]) == png
    agrees(found["prediction"], classifier, png)


def test_the_prediction_is_of_what_the_store_gives_back(modelled, classifier, store, png, encode):
    other = encode(255 - np.asarray(Image.open(io.BytesIO(png)).convert("L")))
    store.read = lambda _image: other
    agrees(modelled.post("/v1/predict", content=png).json()["prediction"], classifier, other)


def test_a_stored_image_is_predicted_and_what_was_said_is_kept(modelled, classifier, png):
    image = modelled.post("/v1/images", content=png).json()["id"]
    answer = modelled.post(f"/v1/images/{image}/predictions", params={"model": "package"})
    assert answer.status_code == 201
    agrees(answer.json(), classifier, png)
    assert modelled.get(f"/v1/images/{image}/predictions").json() == {"predictions": [answer.json()]}


def test_dicom_is_predicted_too(modelled, classifier, make_dicom):
    data = make_dicom(np.arange(64, dtype=np.uint16).reshape(8, 8))
    agrees(modelled.post("/v1/predict", content=data).json()["prediction"], classifier, data)


def test_a_heat_map_is_a_picture_that_differs_by_class(modelled, png):
    found = modelled.post("/v1/predict", content=png).json()
    where = f"/v1/images/{found['image']['id']}/predictions/{found['prediction']['id']}/heatmap"
    pictures = {name: modelled.get(where, params={"class": name}) for name in ("", *CLASSES)}
    assert {answer.headers["content-type"] for answer in pictures.values()} == {"image/png"}
    assert Image.open(io.BytesIO(pictures[""].content)).mode == "RGB"
    assert pictures[""].content == pictures[found["prediction"]["label"]].content
    assert len({answer.content for answer in pictures.values()}) == len(CLASSES)


def test_what_is_not_there_is_not_found(modelled, png):
    image = modelled.post("/v1/images", content=png).json()["id"]
    assert modelled.post(f"/v1/images/{'0' * 64}/predictions").status_code == 404
    assert modelled.get(f"/v1/images/{'0' * 64}/predictions").status_code == 404
    assert modelled.get(f"/v1/images/{image}/predictions/none/heatmap").status_code == 404
    said = modelled.post(f"/v1/images/{image}/predictions").json()["id"]
    answer = modelled.get(f"/v1/images/{image}/predictions/{said}/heatmap", params={"class": "odd"})
    assert (answer.status_code, answer.json()["expected"]) == (404, "one of normal, benign, malignant")


def test_nothing_is_stored_for_a_model_that_is_not_there(modelled, client, png):
    for asked, params, status in ((modelled, {"model": "other"}, 404), (client, {}, 422)):
        assert asked.post("/v1/predict", content=png, params=params).status_code == status
        assert asked.get("/v1/images").json()["images"] == []


def test_what_is_no_image_is_refused(modelled):
    assert modelled.post("/v1/predict", content=b"hello").status_code == 415

import base64
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.runtime.tiny import CLASSES

from synthetyk.runtime.generator import GeneratorSession
from synthetyk.service.app import create_app
from synthetyk.service.png import GUTTER
from synthetyk.service.settings import ServiceSettings


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture
def draws(package):
    return GeneratorSession.open(package)


def test_one_image_is_a_png_of_the_generators_pixels(modelled, models, draws):
    answer = modelled.post("/v1/generate", json={"label": "benign", "first": 3, "seed": 11, "truncation": 0.5})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert np.array_equal(pixels(answer.content), draws.sample(1, [3], seed=11, truncation=0.5)[0, 0])
    (model,) = models
    assert answer.headers["synthetyk-model"] == model.sha256
    assert answer.headers["synthetyk-seed"] == "11"


def test_the_same_request_gives_the_same_bytes(modelled):
    for form in ("png", "npy", "zip"):
        asked = {"label": "benign", "count": 3, "format": form, "seed": 5}
        answers = [modelled.post("/v1/generate", json=asked).content for _ in range(2)]
        if form == "zip":  # their manifests name different generations
            answers = [zipfile.ZipFile(io.BytesIO(data)).namelist() for data in answers]
        assert answers[0] == answers[1]


def test_without_a_seed_it_is_that_of_the_package(modelled, draws):
    answer = modelled.post("/v1/generate", json={"label": "benign"})
    assert answer.headers["synthetyk-seed"] == "7"
    assert np.array_equal(pixels(answer.content), draws.sample(1, [0])[0, 0])


def test_many_images_come_on_one_sheet(modelled, draws):
    sheet = pixels(modelled.post("/v1/generate", json={"label": "benign", "count": 4}).content)
    assert sheet.shape == (16 + GUTTER, 16 + GUTTER)
    assert np.array_equal(sheet[8 + GUTTER :, :8], draws.sample(1, [2])[0, 0])


def test_an_array_holds_the_same_images(modelled, draws):
    answer = modelled.post("/v1/generate", json={"label": "benign", "count": 70, "format": "npy"})
    assert np.array_equal(np.load(io.BytesIO(answer.content)), draws.sample(1, range(70)))


def test_balanced_images_are_of_all_classes_in_turn(modelled, draws):
    answer = modelled.post("/v1/generate", json={"balanced": True, "count": 5, "first": 2, "format": "npy"})
    expected = [draws.sample(label, [number])[0] for label, number in ((0, 2), (1, 2), (2, 2), (0, 3), (1, 3))]
    assert np.array_equal(np.load(io.BytesIO(answer.content)), expected)


def test_a_zip_holds_a_file_for_each_image_and_what_they_are(modelled, draws):
    asked = {"balanced": True, "count": 4, "format": "zip"}
    archive = zipfile.ZipFile(io.BytesIO(modelled.post("/v1/generate", json=asked).content))
    manifest = json.loads(archive.read("manifest.json"))
    assert [row["class"] for row in manifest["images"]] == [*CLASSES, "normal"]
    assert set(archive.namelist()) == {"manifest.json", *(row["file"] for row in manifest["images"])}
    for row in manifest["images"]:
        image = draws.sample(CLASSES.index(row["class"]), [row["index"]], seed=row["seed"])[0, 0]
        assert np.array_equal(pixels(archive.read(row["file"])), image)


def test_images_are_stored_if_wanted_and_name_their_model(modelled, models, store):
    asked = {"label": "benign", "count": 2, "format": "json", "store": True}
    found = modelled.post("/v1/generate", json=asked).json()
    (model,) = models
    for row in found["images"]:
        record = store.record(row["id"])
        assert (record.origin, record.label, record.model) == ("synthetic", "benign", model.sha256)
        assert (record.details["seed"], record.details["index"]) == (row["seed"], row["index"])
        assert store.read(row["id"]) == base64.b64decode(row["png"])
    assert "id" not in modelled.post("/v1/generate", json={**asked, "store": False}).json()["images"][0]


def test_what_was_drawn_is_recorded_so_that_it_can_be_drawn_again(modelled, models):
    asked = {"balanced": True, "count": 4, "first": 1, "seed": 3}
    answer = modelled.post("/v1/generate", json=asked)
    (event,) = modelled.get("/v1/events/generation").json()["events"]
    (model,) = models
    assert event["id"] == answer.headers["synthetyk-generation"]
    details = event["details"]
    assert details["model"] == model.sha256
    assert details["classes"] == {"normal": 2, "benign": 1, "malignant": 1}
    again = {name: details[name] for name in ("balanced", "count", "first", "seed", "label", "truncation")}
    assert modelled.post("/v1/generate", json=again).content == answer.content


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"label": "nothing"}, 422, "normal, benign, malignant"),
        ({}, 422, "No class was asked for"),
        ({"label": "benign", "balanced": True}, 422, "one of them"),
        ({"label": "benign", "count": 0}, 422, "count"),
        ({"label": "benign", "count": 1001}, 422, "count"),
        ({"label": "benign", "first": -1}, 422, "first"),
        ({"label": "benign", "seed": -1}, 422, "seed"),
        ({"label": "benign", "truncation": -0.1}, 422, "truncation"),
        ({"label": "benign", "format": "gif"}, 422, "format"),
        ({"labels": "benign"}, 422, "labels"),
        ({"label": "benign", "model": "other"}, 404, "package"),
    ],
)
def test_what_does_not_fit_is_said(modelled, asked, status, words):
    answer = modelled.post("/v1/generate", json=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'{"truncation": NaN}'])
def test_what_is_no_request_is_refused_and_not_repeated(modelled, body):
    answer = modelled.post("/v1/generate", content=body)
    assert answer.status_code == 422
    assert repr(body)[2:-1] not in answer.json()["found"]


def test_a_service_without_a_generator_says_so(client):
    assert (
        client.post("/v1/generate", json={"label": "benign"}).json()["found"]
        == "No model that is served has a generator"
    )


def test_a_full_queue_is_a_503_that_says_when_to_come_back(store, models):
    app = create_app(ServiceSettings(model_queue=1), store, models)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        queue = next(iter(app.state.service.queues._generators.values()))
        queue._count = 1
        answer = client.post("/v1/generate", json={"label": "benign"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "waiting already" in answer.json()["found"]


def test_the_route_is_described_and_counted_like_any_other(modelled):
    described = modelled.get("/openapi.json").json()["paths"]["/v1/generate"]["post"]
    assert "image/png" in described["responses"]["200"]["content"]
    modelled.post("/v1/generate", json={"label": "benign"})
    assert 'route="/v1/generate",status="200"' in modelled.get("/metrics").text
    assert modelled.get("/v1/generate").status_code == 405

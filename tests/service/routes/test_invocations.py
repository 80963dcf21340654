import base64
import io
import json

import mlflow.pyfunc
import numpy as np
import pytest
from mlflow.pyfunc import scoring_server
from PIL import Image
from tests.runtime.tiny import classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest

from synthetyk.packaging.mlflow_model import write_mlflow_model
from synthetyk.runtime.package import INSIDE, open_package, seal, write_package

PIXELS = np.random.default_rng(0).integers(0, 256, (3, 1, 8, 8), dtype=np.uint8)


def file_of(image):
    stream = io.BytesIO()
    Image.fromarray(image[0]).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


FILES = [file_of(image) for image in PIXELS]
PREDICTIONS = [
    {"dataframe_split": {"columns": ["image"], "data": [[text] for text in FILES]}},
    {"dataframe_split": {"index": [5, 6, 7], "columns": ["image"], "data": [[text] for text in FILES]}},
    {"dataframe_records": [{"image": text, "note": "none"} for text in FILES]},
    {"instances": FILES},
    {"instances": [{"image": text} for text in FILES]},
    {"inputs": FILES},
    {"inputs": {"image": FILES}},
    {"inputs": PIXELS.tolist()},
    {"instances": PIXELS.tolist()},
    {"inputs": PIXELS[:, 0].tolist(), "params": {"maps": True}},
]
GENERATIONS = [
    {"inputs": [], "params": {"task": "generate", "label": "benign", "count": 2, "first": 3, "seed": 11}},
    {"inputs": [], "params": {"task": "generate", "label": "normal", "seed": -1, "truncation": 0.5}},
]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """The same package as an MLflow model, asked through MLflow's own server code."""
    folder = tmp_path_factory.mktemp("mlflow")
    files = {"classifier.onnx": tiny_classifier(), "generator.onnx": tiny_generator(), "model-card.md": b"# Tiny\n"}
    write_package(folder / "package", tiny_manifest(classifier_part(), generator_part()), files)
    manifest = open_package(folder / "package").manifest
    write_mlflow_model(folder / "package", folder / "model", identity="0" * 32)
    assert (folder / "model" / INSIDE).is_dir()
    seal(folder / "model", manifest)
    return mlflow.pyfunc.load_model(str(folder / "model"))


def answered(model, body):
    found = scoring_server.invocations(json.dumps(body), "application/json", model, model.metadata.get_input_schema())
    return json.loads(found.response)


@pytest.mark.parametrize("body", [*PREDICTIONS, *GENERATIONS])
def test_the_answer_is_that_of_mlflows_server(modelled, theirs, body):
    ours = modelled.post("/invocations", json=body)
    assert ours.status_code == 200
    assert near(ours.json(), answered(theirs, body))


def near(found, expected):
    """Tell whether JSON is the same but for the last bits of its numbers."""
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(near(found[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(near, found, expected))
    return found == (pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else expected)


def test_images_that_are_sent_are_stored_and_so_is_what_was_said_of_them(modelled):
    rows = modelled.post("/invocations", json={"inputs": FILES}).json()["predictions"]
    images = modelled.get("/v1/images").json()["images"]
    assert len(images) == 3
    assert {image["origin"] for image in images} == {"real"}
    said = [modelled.get(f"/v1/images/{image['id']}/predictions").json()["predictions"] for image in images]
    assert sorted(one["label"] for (one,) in said) == sorted(row["class"] for row in rows)


def test_pixels_that_are_sent_are_stored_with_every_value(modelled, store):
    modelled.post("/invocations", json={"inputs": PIXELS.tolist()})
    images = modelled.get("/v1/images").json()["images"]
    stored = {np.asarray(Image.open(io.BytesIO(store.read(image["id"])))).tobytes() for image in images}
    assert stored == {image.tobytes() for image in PIXELS}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "exactly one field"),
        ([1], "exactly one field"),
        ({"inputs": FILES, "instances": FILES}, "exactly one field"),
        ({"inputs": FILES, "params": [1]}, "no object"),
        ({"inputs": FILES, "params": {"tasks": "predict"}}, "'task'"),
        ({"inputs": []}, "0 images"),
        ({"inputs": 5}, "of type int"),
        ({"inputs": {"picture": FILES}}, "'image'"),
        ({"dataframe_records": [{"image": None}]}, "images"),
        ({"dataframe_split": {"columns": ["image"]}}, "no table"),
        ({"dataframe_split": {"columns": ["image"], "data": [[1, 2]]}}, "other lengths"),
        ({"dataframe_split": {"columns": 5, "data": [[1]]}}, "no table"),
        ({"inputs": [[[300]]]}, "from 0 to 255"),
        ({"inputs": [], "params": {"task": "generate"}}, "No class was asked for"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_is_stored(modelled, body, words):
    answer = modelled.post("/invocations", json=body)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
    assert modelled.get("/v1/images").json()["images"] == []


@pytest.mark.parametrize("text", ["hello", base64.b64encode(b"hello").decode()])
def test_what_is_no_image_is_refused_by_its_place(modelled, text):
    answer = modelled.post("/invocations", json={"inputs": [*FILES, text]})
    assert answer.status_code == 415
    assert answer.json()["found"].startswith("Image 3: ")


def test_only_json_is_taken(modelled):
    answer = modelled.post("/invocations", content=b"image\n", headers={"content-type": "text/csv"})
    assert answer.status_code == 415
    assert modelled.post("/invocations", content=b"{", headers={"content-type": "application/json"}).status_code == 422


def test_ping_and_version_answer_as_mlflows_do(modelled, client):
    assert (modelled.get("/ping").status_code, modelled.get("/ping").text) == (200, "\n")
    assert client.get("/ping").status_code == 404
    assert modelled.get("/version").text[0].isdigit()

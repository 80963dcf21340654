import base64
import io
import json
import re
import zipfile

import pytest

from synthetyk.service.generation import GENERATION


def drawn(text):
    return [base64.b64decode(each) for each in re.findall(r'src="data:image/png;base64,([^"]+)"', text)]


def ask(served, status=200, **values):
    return served.post("/generate", status=status, **{"model": "", "label": "*", "count": "4", "seed": "", **values})


def test_images_are_shown_and_are_those_of_the_api(served):
    text = ask(served, label="benign", seed="3")
    asked = {"label": "benign", "count": 4, "seed": 3, "format": "json"}
    same = served.client.post("/v1/generate", json=asked).json()["images"]
    assert drawn(text) == [base64.b64decode(each["png"]) for each in same]


def test_all_classes_come_in_turn(served):
    assert re.findall(r'alt="Synthetic image (\d+) of class (\w+)"', ask(served)) == [
        ("0", "normal"), ("0", "benign"), ("0", "malignant"), ("1", "normal")
    ]  # fmt: skip


def test_what_was_drawn_is_recorded_and_nothing_is_kept_unless_asked(served, store):
    text = ask(served)
    (event,) = store.events(GENERATION).events
    assert event.id in text
    assert not served.client.get("/v1/images").json()["images"]
    ask(served, store="true")
    kept = served.client.get("/v1/images?origin=synthetic").json()["images"]
    assert len(kept) == 4
    assert f'href="/library/{kept[0]["id"]}"' in ask(served, store="true")


def test_a_zip_holds_the_same_images(served):
    token = served.token()
    said = {"csrf_token": token, "label": "*", "count": "4", "seed": "5", "format": "zip"}
    answer = served.client.post("/generate", data=said)
    assert answer.headers["content-disposition"].endswith('-5.zip"')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("manifest.json"))["seed"] == 5
        files = [archive.read(name) for name in archive.namelist() if name.endswith(".png")]
    assert files == drawn(ask(served, seed="5"))


@pytest.mark.parametrize(("values", "status"), [({"count": "0"}, 422), ({"label": "cat"}, 422), ({"model": "x"}, 404)])
def test_what_does_not_fit_is_refused_in_words(served, values, status):
    assert 'role="alert"' in ask(served, status=status, **values)


def test_the_form_keeps_what_was_asked(served):
    text = ask(served, label="malignant", count="2", truncation="0.5")
    assert '<option value="malignant" selected>' in text
    assert 'name="count" type="number" min="1" max="100" value="2"' in text
    assert 'value="7"' in text  # the seed of the package, which was used

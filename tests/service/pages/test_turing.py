import base64
import csv
import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from starlette.testclient import TestClient
from tests.runtime.tiny import generator_part, tiny_generator, tiny_manifest

from synthetyk.runtime.package import write_package
from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.pages import turing, turing_images
from synthetyk.service.pages.turing_images import labels_of, real_images
from synthetyk.service.pages.turing_record import KIND, sitting_of
from synthetyk.service.pages.turing_trial import Trial, pairs_of

CLASSES = ("normal", "benign", "malignant")


def begin(served, **values):
    return served.post("/which-is-real", **{"model": "", "label": "", "pairs": "8", "reader": "", **values})


def hidden(text):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text))


def answer(served, where, letter):
    return served.post("/which-is-real/answer", **hidden(served.get(where)) | {"answer": letter})


def pairs_behind(app, where):
    """Return the pairs of a trial, which no page says."""
    said = {name: value for name, (value,) in parse_qs(urlsplit(where).query).items()}
    trial = Trial.model_validate(said)
    service = app.state.service
    _, generator = service.models.generator(trial.model)
    return pairs_of(trial, real_images(service.store, labels_of(trial.label, generator), trial.begun))


def shown(text):
    """Return the left and the right image of a page, as PNGs."""
    return [base64.b64decode(each) for each in re.findall(r'<img src="data:image/png;base64,([^"]+)"', text)]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def test_a_trial_is_begun_answered_and_recorded(served, store, reals):
    where = begin(served, reader="student")
    for number in range(8):
        assert f"Pair {number + 1} of 8" in served.get(where)
        where = answer(served, where, "lr"[number % 2])
    (event,) = store.events(KIND).events
    assert where == f"/which-is-real/results/{event.created}/{event.id}"
    sitting = sitting_of(event)
    right = sum(each.right for each in sitting.answers)
    ends = stats.binomtest(right, 8).proportion_ci(0.95, method="wilson")
    text = served.get(where)
    assert f"{right} of 8 right" in text
    assert f"95% interval {ends.low:.1%} to {ends.high:.1%}" in text
    assert "student" in text
    assert f"{right} of 8" in served.get("/which-is-real")


def test_a_reader_who_knows_is_always_right(served, app_with_model, store, reals):
    where = begin(served)
    pairs = pairs_behind(app_with_model, where)
    for pair in pairs:
        where = answer(served, where, pair.real_side[0])
    assert "8 of 8 right" in served.get(where)
    assert "more often than chance" in served.get(where)


def test_each_side_shows_what_it_should(served, app_with_model, store, reals):
    where = begin(served)
    left, right = shown(served.get(where))
    pair = pairs_behind(app_with_model, where)[0]
    real, drawn = (left, right) if pair.real_side == "left" else (right, left)
    assert (pixels(real) == pixels(store.read(pair.real))).all()
    seed = int(parse_qs(urlsplit(where).query)["seed"][0])
    asked = {"label": pair.label, "first": pair.number, "seed": seed}
    same = served.client.post("/v1/generate", json=asked).content
    assert (pixels(drawn) == pixels(same)).all()


def test_nothing_but_the_pixels_tells_which_is_real(served, reals):
    text = served.get(begin(served))
    left, right = shown(text)
    assert left[:29] == right[:29]  # signature and header of a PNG: size, depth and colours, and no other block between
    assert [data.count(b"IDAT") for data in (left, right)] == [1, 1]
    assert not any(image in text for ids in reals.values() for image in ids)


def test_a_trial_can_be_ended_early_and_says_so(served, reals):
    where = answer(served, begin(served), "l")
    where = answer(served, where, "end")
    assert "of 1 right" in served.get(where)
    assert "ended early" in served.get(where)


def test_one_that_is_ended_before_the_first_answer_leaves_nothing(served, store, reals):
    assert answer(served, begin(served), "end") == "/which-is-real"
    assert not store.events(KIND).events


def test_a_trial_of_one_class_shows_that_class_only(served, app_with_model, reals):
    pairs = pairs_behind(app_with_model, begin(served, label="malignant", pairs="20"))
    assert [pair.label for pair in pairs] == ["malignant"] * 2


def test_images_that_come_later_do_not_change_a_trial(served, app_with_model, picture, reals):
    where = begin(served)
    before = pairs_behind(app_with_model, where)
    served.upload("/library", picture(40), label="benign")
    assert pairs_behind(app_with_model, where) == before


def test_a_trial_whose_images_were_deleted_ends_in_words(served, app_with_model, store, reals):
    where = begin(served)
    store.delete(pairs_behind(app_with_model, where)[3].real)
    assert "were deleted since" in served.get(where, status=409)


@pytest.mark.parametrize("values", [{"pairs": "3"}, {"pairs": "101"}, {"label": "cat"}, {"reader": "x" * 61}])
def test_what_is_no_trial_is_refused(served, reals, values):
    where = served.post("/which-is-real", status=422, **{"pairs": "8"} | values)
    assert 'role="alert"' in where


def test_a_step_looks_for_the_real_images_once(served, store, reals, monkeypatch):
    where, looked, page = begin(served), [], store.page
    monkeypatch.setattr(store, "page", lambda *args, **more: looked.append(args) or page(*args, **more))
    served.get(answer(served, where, "l"))
    steps = 2  # to read the form and send it, and the next pair
    assert len(looked) == steps * len(CLASSES)


def test_a_class_that_only_another_generator_draws_is_counted_too(store, settings, model, tmp_path, reals):
    part = generator_part(class_names=("odd",))
    write_package(tmp_path / "first", tiny_manifest(None, part), {"generator.onnx": tiny_generator(classes=1)})
    models = ServedModels([ServedModel.open(tmp_path / "first", settings), model])
    with TestClient(create_app(settings, store, models), base_url="http://127.0.0.1") as client:
        text = client.get("/which-is-real").text
    assert [name in text for name in ("odd (0 real)", "benign (6 real)")] == [True, True]


def test_more_real_images_than_a_trial_draws_from_are_said_to_be_so(served, reals, monkeypatch):
    monkeypatch.setattr(turing_images, "REALS", 4)
    monkeypatch.setattr(turing, "REALS", 4)
    assert "benign (4 or more real)" in served.get("/which-is-real")


def test_without_real_images_the_page_says_where_to_add_some(served):
    assert "There is no real image" in served.get("/which-is-real")


def test_everything_is_handed_out_as_a_table_and_as_json(served, reals):
    for reader in ("=HYPERLINK(1)", "other"):
        where = begin(served, reader=reader, pairs="4")
        for letter in "lrlr":
            where = answer(served, where, letter)
    rows = list(csv.DictReader(io.StringIO(served.client.get("/which-is-real/export.csv").text)))
    whole = served.client.get("/which-is-real/export.json").json()["trials"]
    assert len(rows) == 8
    assert {row["reader"] for row in rows} == {"'=HYPERLINK(1)", "other"}
    for each in whole:
        assert each["right"] == sum(int(row["right"]) for row in rows if row["trial"] == each["id"])
        ends = stats.binomtest(each["right"], 4).proportion_ci(0.95, method="wilson")
        assert (each["low"], each["high"]) == pytest.approx((ends.low, ends.high))


def test_a_result_that_is_not_there_is_not_found(served):
    served.get("/which-is-real/results/5/abc", status=404)

import re

import pytest


def test_an_image_is_stored_then_classified_and_the_page_says_what_was_said(served, store, picture):
    where = served.upload("/classify", picture(3), label="benign")
    image, prediction = where.removeprefix("/classify/").split("/")
    (said,) = store.predictions(image)
    assert said.id == prediction
    assert store.record(image).label == "benign"
    text = served.get(where)
    shown = dict(re.findall(r"<span(?: class=\"first\")?>(\w+).*?<span class=\"value\">([\d.]+)%", text, re.DOTALL))
    assert {name: float(value) / 100 for name, value in shown.items()} == pytest.approx(said.probabilities, abs=0.0006)
    assert "Research use only. Not a medical device." in text


def test_bars_are_as_long_as_probabilities(served, store, picture):
    where = served.upload("/classify", picture())
    (said,) = store.predictions(where.split("/")[2])
    bars = [float(width) for width in re.findall(r'<rect width="([\d.]+)" height="1"/>', served.get(where))]
    assert bars == pytest.approx(sorted((100 * p for p in said.probabilities.values()), reverse=True), abs=0.01)


def test_a_risk_is_flagged_in_words(served, store, picture):
    flagged = set()
    for number in range(0, 52, 10):
        where = served.upload("/classify", picture(number))
        (said,) = store.predictions(where.split("/")[2])
        text = served.get(where)
        assert ("Flagged as a risk" in text, "Not flagged as a risk" in text) == (said.risk, not said.risk)
        assert ("no all-clear" in text) == (not said.risk)
        flagged.add(said.risk)
    assert flagged == {True, False}


def test_the_heat_map_of_every_class_can_be_seen_over_the_image(served, picture):
    where = served.upload("/classify", picture(4))
    text = served.get(f"{where}?seen=malignant")
    image, prediction = where.removeprefix("/classify/").split("/")
    address = f"/v1/images/{image}/predictions/{prediction}/heatmap?class=malignant"
    assert f'src="{address}"' in text
    assert served.client.get(address).headers["content-type"] == "image/png"
    assert served.client.get(f"{where}/input").headers["content-type"] == "image/png"
    served.get(f"{where}?seen=cat", status=404)


@pytest.mark.parametrize(("data", "status"), [(b"no image", 415), (b"\x89PNG\r\n\x1a\nbroken", 422)])
def test_what_is_no_image_is_refused_and_not_stored(served, data, status):
    text = served.upload("/classify", data, status=status)
    assert 'role="alert"' in text
    assert not served.client.get("/v1/images").json()["images"]


def test_no_file_is_refused(served):
    assert "No image was chosen" in served.upload("/classify", status=422)


def test_nothing_is_stored_for_a_model_that_is_not_there(served, picture):
    served.upload("/classify", picture(), status=404, model="other")
    assert not served.client.get("/v1/images").json()["images"]


def test_a_form_without_the_token_is_refused_and_nothing_stored(served, picture):
    answer = served.client.post("/classify", files={"file": picture()})
    assert answer.status_code == 403
    assert not served.client.get("/v1/images").json()["images"]


def test_a_prediction_that_is_not_there_is_not_found(served, reals):
    served.get(f"/classify/{reals['normal'][0]}/nothing", status=404)

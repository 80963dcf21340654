import re

import pytest

from synthetyk.core.errors import StoreUnavailableError
from synthetyk.service.pages.page import PLACES, environment
from synthetyk.service.pages.router import STATIC

ADDRESSES = ("/", "/runs", "/generate", "/classify", "/library", "/which-is-real", "/api")


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_page_has_its_landmarks_and_leads_to_every_other(served, path):
    text = served.get(path)
    assert re.search(r'<html lang="en">', text)
    assert text.count("<h1") == 1
    assert '<main id="main"' in text
    assert 'href="#main"' in text
    assert "Research use only. Not a medical device." in text
    assert all(f'href="{place.path}"' in text for place in PLACES)


@pytest.mark.parametrize("place", [place for place in PLACES if place.name != "device"])
def test_a_page_says_where_the_reader_is(served, place):
    assert f'<a href="{place.path}" aria-current="page">' in served.get(place.path)


@pytest.mark.parametrize("path", ADDRESSES)
def test_every_field_has_a_label_and_every_image_a_text(served, path):
    text = served.get(path)
    fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", text)
    for field in (field for field in fields if 'type="hidden"' not in field and 'type="checkbox"' not in field):
        name = re.search(r'id="([^"]+)', field)[1]
        assert f'for="{name}"' in text, field
    assert all("alt=" in image for image in re.findall(r"<img\b[^>]*>", text))


def test_no_template_has_a_style_or_a_script_within():
    for name in environment().list_templates():
        source = environment().loader.get_source(environment(), name)[0]
        assert not re.search(r"\bstyle=|<style|\bon\w+=|javascript:", source), name
        assert all('src="/static/' in script for script in re.findall(r"<script[^>]*>", source)), name


def test_nothing_is_loaded_from_elsewhere():
    for path in STATIC.iterdir():
        assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", path.read_bytes()), path.name


def test_styles_and_scripts_are_asked_for_again_only_if_they_have_changed(pages):
    answer = pages.client.get("/static/style.css")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
    again = pages.client.get("/static/style.css", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_pages_without_models_say_so(pages):
    assert all("No model that is served" in pages.get(path) for path in ("/generate", "/classify", "/which-is-real"))


def test_an_error_is_a_page_in_words(served):
    text = served.get("/library/nothing", status=404)
    assert "There is no image &#39;nothing&#39;." in text
    assert "Back to Library" in text


def test_a_store_that_cannot_be_reached_is_told_and_when_to_come_back(served, store, monkeypatch):
    def gone(*_, **__):
        raise StoreUnavailableError("host db-7 refuses")

    monkeypatch.setattr(store, "page", gone)
    answer = served.client.get("/library", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "db-7" not in answer.text
    assert "cannot be reached" in answer.text


def test_an_error_that_nobody_expects_is_a_page_too(served, store, monkeypatch):
    monkeypatch.setattr(store, "page", None)
    answer = served.client.get("/library")
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "The service failed." in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_an_address_without_a_page_says_so_and_leads_to_the_start(served):
    text = served.get("/nothing", status=404)
    assert "There is nothing at this address." in text
    assert "Back to the start" in text


@pytest.mark.parametrize("path", [*ADDRESSES, "/on-device/", "/on-device/style.css"])
def test_a_page_can_be_asked_for_its_head(served, path):
    whole, head = served.client.get(path), served.client.head(path)
    assert (head.status_code, head.headers["content-type"]) == (200, whole.headers["content-type"])


def test_a_value_that_is_refused_is_told_without_it(served):
    text = served.get("/library?since=doe-1970", status=422)
    assert "is no day" in text
    assert "doe-1970" not in text
    assert "doe-1970" not in served.get("/library?after=doe-1970", status=422)


def test_the_pages_are_no_part_of_the_api(served):
    paths = served.client.get("/openapi.json").json()["paths"]
    assert not [
        path for path in paths if path.startswith(("/runs", "/library", "/classify", "/which-is-real", "/generate"))
    ]

import pytest
from starlette.testclient import TestClient

from synthetyk.service.app import create_app
from synthetyk.service.keys import KeyFile
from synthetyk.service.models import ServedModels

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nothing", "/v1/images/nothing", "/runs/nothing", "/v1/images?limit=0"])
def test_a_browser_is_told_in_words_and_a_program_as_it_was(pages, path):
    page = pages.client.get(path, headers=HTML)
    problem = pages.client.get(path, headers={"Accept": "application/json"})
    assert page.status_code == problem.status_code
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert int(page.headers["content-length"]) == len(page.content)
    assert problem.headers["content-type"] == "application/problem+json"
    assert f"{problem.status_code} {problem.json()['title']}" in page.text
    assert "Research use only" in page.text


def test_the_page_keeps_the_headers_of_the_answer(pages):
    answer = pages.client.get("/nothing", headers=HTML)
    assert "content-security-policy" in answer.headers
    assert answer.headers["x-request-id"] in answer.text


def test_what_a_key_does_not_open_is_told_in_words(settings, store, tmp_path):
    keys, key = KeyFile(keys=()).added("reader", "read")
    keys.save(tmp_path / "keys.json")
    app = create_app(settings.replace(keys=tmp_path / "keys.json"), store, ServedModels(()))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        answer = client.post("/runs", headers={**HTML, "Authorization": f"Bearer {key}"})
        assert answer.status_code == 403
        assert "The key opens read only." in answer.text
        assert "Back to Runs" in answer.text
        assert client.get("/login").text.count("<h1>Sign in</h1>") == 1


def test_a_request_for_the_head_has_no_body(pages):
    answer = pages.client.head("/nothing", headers=HTML)
    assert (answer.status_code, answer.content) == (404, b"")


def test_answers_that_are_no_problems_pass_unchanged(pages):
    assert pages.client.get("/healthz", headers=HTML).json() == {"status": "alive"}

import pytest
from fastapi import Request
from tests.service.guarded import client_of, guarded

from synthetyk.service import csrf


@pytest.fixture
def client():
    app = guarded()

    @app.get("/form")
    def form(request: Request):
        return [csrf.token(request), csrf.token(request)]

    @app.post("/form", dependencies=[csrf.Protected])
    def sent():
        return "taken"

    return client_of(app)


def test_a_form_that_brings_its_token_is_taken(client):
    first, second = client.get("/form").json()
    assert first == second == client.cookies[csrf.COOKIE]
    assert client.post("/form", data={csrf.FIELD: first}).json() == "taken"
    assert client.post("/form", files={csrf.FIELD: (None, first), "file": b"a"}).json() == "taken"
    assert client.post("/form", headers={csrf.HEADER: first}).json() == "taken"


def test_the_token_stays_as_long_as_the_browser_holds_it(client):
    first = client.get("/form").json()
    again = client.get("/form")
    assert again.json() == first
    assert "set-cookie" not in again.headers


def test_the_cookie_is_for_this_site_and_no_script(client):
    said = client.get("/form").headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(said)


@pytest.mark.parametrize("brought", ["", "a" * 43, "short"])
def test_a_form_without_it_is_refused(client, brought):
    client.get("/form")
    refused = client.post("/form", data={csrf.FIELD: brought})
    assert refused.status_code == 403
    assert "Load the page again" in refused.json()["detail"]


@pytest.mark.parametrize("held", [None, "", "x"])
def test_a_browser_that_holds_none_is_refused(client, held):
    token = client.get("/form").json()[0]
    client.cookies.clear()
    if held is not None:
        client.cookies.set(csrf.COOKIE, held)
    assert client.post("/form", data={csrf.FIELD: token}).status_code == 403
    assert client.post("/form", data={csrf.FIELD: held or ""}).status_code == 403


def test_a_file_is_no_token(client):
    client.get("/form")
    assert client.post("/form", files={csrf.FIELD: b"a"}).status_code == 403

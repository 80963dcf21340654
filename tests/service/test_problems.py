from http import HTTPStatus

import pytest
from starlette.testclient import TestClient

from synthetyk.core.errors import (
    ConfigError,
    DamagedImageError,
    DatasetError,
    DecodeError,
    ImageNotFoundError,
    ImageTooLargeError,
    OverloadedError,
    RequestError,
    StoreError,
    StoreUnavailableError,
    UnknownNameError,
)
from synthetyk.service.problems import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigError("x"), 422),
        (RequestError("x"), 422),
        (UnknownNameError("x"), 404),
        (ImageNotFoundError("x"), 404),
        (DecodeError("x", kind="truncated"), 422),
        (DecodeError("x", kind="hostile_dicom"), 422),
        (DecodeError("x", kind="not_an_image"), 415),
        (DecodeError("x", kind="unsupported"), 415),
        (ImageTooLargeError("x"), 413),
        (DamagedImageError("x"), 500),
        (StoreUnavailableError("x"), 503),
        (OverloadedError("x"), 503),
        (StoreError("x"), 500),
        (DatasetError("x"), 500),
    ],
)
def test_every_error_has_its_status(error, status):
    assert status_of(error) == status


@pytest.fixture
def failing(app):
    """Return a function that gives the answer of a route that raises an error."""

    def ask(error):
        @app.get("/fails")
        async def fails():
            raise error

        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            return client.get("/fails")

    return ask


def test_an_error_of_ours_says_what_was_found_expected_and_to_do(failing):
    answer = failing(RequestError("It is blue", expected="red", action="Paint it"))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "It is blue. Expected red. Paint it.",
        "found": "It is blue",
        "expected": "red",
        "action": "Paint it",
        "request_id": answer.headers["x-request-id"],
        "error": "RequestError",
        "kind": "",
    }


def test_of_an_image_that_cannot_be_decoded_it_is_told_why(failing):
    assert failing(DecodeError("It ends early", kind="truncated")).json()["kind"] == "truncated"


@pytest.mark.parametrize(("error", "after"), [(StoreUnavailableError("x"), "5"), (OverloadedError("x"), "1")])
def test_what_passes_says_when_to_come_back(failing, error, after):
    answer = failing(error)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, after)


@pytest.mark.parametrize("error", [StoreUnavailableError("/secret/a.db"), StoreError("/secret"), OSError("/secret")])
def test_an_error_of_ours_alone_tells_nothing_of_the_inside(failing, error):
    answer = failing(error)
    assert answer.status_code >= 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


def test_a_wrong_value_is_not_repeated(client):
    answer = client.get("/v1/images", params={"limit": "Miller^Anna"})
    assert answer.status_code == 422
    assert answer.json()["found"] == "The value of query.limit is refused"
    assert "Miller" not in answer.text


def test_what_is_not_there_and_what_is_not_allowed_are_problems_too(client):
    for answer, status in ((client.get("/v1/nothing"), 404), (client.put("/v1/images"), 405)):
        assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert client.put("/v1/images").headers["allow"] == "GET, POST"
    assert client.put(f"/v1/images/{'a' * 64}").headers["allow"] == "DELETE, GET"


def test_every_route_documents_its_problems(client):
    paths = client.get("/openapi.json").json()["paths"]
    for path in paths.values():
        for route in path.values():
            assert set(route["responses"]["4XX"]["content"]) == {"application/problem+json"}
            assert "422" not in route["responses"]

import io
import json
import logging

import pytest
from tests.service.guarded import call, client_of, guarded, with_keys

from synthetyk.core.errors import RequestError
from synthetyk.service.logs import JsonLines, log_as_json


@pytest.fixture
def lines():
    """Return a function that returns what was logged, one object a line."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log_as_json(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines() if "synthetyk" in line]
    root.handlers[:], root.level = handlers, level


def test_a_request_is_one_line(lines, tmp_path):
    file, keys = with_keys(tmp_path)
    client = call(keys=file)
    client.delete("/v1/images/secret-id?label=secret", headers={"X-API-Key": keys["admin"], "X-Request-ID": "mine-1"})
    (line,) = lines()
    assert line.pop("ms") >= 0
    assert line.pop("time").endswith("+00:00")
    assert line == {
        **{"level": "info", "logger": "synthetyk.requests", "request_id": "mine-1", "method": "DELETE"},
        **{"route": "/v1/images/{image}", "status": 200, "bytes": 11, "key": "a-admin"},
    }


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/v1/images", "/v1/images"),
        ("/v1/images/Doe/content", "/v1/images/{image}/content"),
        ("/v1/images/Doe/none", ""),
        ("/Doe", ""),
        ("/runs", "/runs"),
    ],
)
def test_a_line_names_the_route_and_never_the_path(lines, path, route):
    call().get(path)
    assert lines()[-1]["route"] == route
    assert "Doe" not in json.dumps(lines()[-1])


def test_of_an_unknown_error_kind_and_place_are_logged_and_nothing_is_told(lines):
    answer = call().get("/v1/images/a/content")
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    failed, line = lines()
    assert (failed["error"], failed["request_id"]) == ("RuntimeError", line["request_id"])
    assert failed["at"][-1].split(":")[0].endswith("tests/service/guarded.py")
    assert "Doe^John" not in answer.text + json.dumps(failed)


def test_our_own_errors_are_logged_in_their_words():
    record = logging.LogRecord("a", logging.ERROR, "", 1, "It failed", (), None)
    record.exc_info = (RequestError, RequestError("A latent of 3"), None)
    assert json.loads(JsonLines().format(record))["error_message"] == "A latent of 3."


@pytest.mark.parametrize("brought", ["a b", "a" * 65, "ä", "", 'a"b'])
def test_an_id_that_is_none_is_replaced(brought):
    given = call().get("/healthz", headers={"X-Request-ID": brought.encode()}).headers["x-request-id"]
    assert given != brought
    assert len(given) == 16


def test_an_answer_that_breaks_off_is_logged_once(lines):
    app = guarded()

    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("Doe^John")

    app.mount("/broken", broken)
    client_of(app).get("/broken/")
    assert [each.get("status", each.get("error")) for each in lines()] == ["ValueError", 200]


def test_uvicorns_own_lines_about_requests_are_off(lines):
    logging.getLogger("uvicorn.access").info("GET /v1/images/synthetyk")
    logging.getLogger("uvicorn.error").info("synthetyk is up")
    assert [line["message"] for line in lines()] == ["synthetyk is up"]


def test_of_what_others_log_the_first_line_is_told():
    record = logging.LogRecord("asyncio", logging.ERROR, "", 1, "Task failed\nfuture: <%s>", ("Doe^John",), None)
    assert json.loads(JsonLines().format(record))["message"] == "Task failed"

"""Errors as HTTP answers: `application/problem+json` (RFC 9457), made in this one place."""

import asyncio
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import compile_path
from starlette.types import Scope

from synthetyk.core.config import Config
from synthetyk.core.errors import (
    ConfigError,
    DamagedImageError,
    DecodeError,
    ImageNotFoundError,
    ImageTooLargeError,
    OverloadedError,
    RequestError,
    RunError,
    StoreUnavailableError,
    SynthetykError,
    UnknownNameError,
)

MEDIA_TYPE = "application/problem+json"
# The first that an error is one of counts.
STATUSES: tuple[tuple[type[SynthetykError], HTTPStatus], ...] = (
    (ImageNotFoundError, HTTPStatus.NOT_FOUND),
    (UnknownNameError, HTTPStatus.NOT_FOUND),
    (DamagedImageError, HTTPStatus.INTERNAL_SERVER_ERROR),
    (StoreUnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (OverloadedError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ImageTooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (DecodeError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RequestError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ConfigError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RunError, HTTPStatus.CONFLICT),
)
NO_IMAGE = ("not_an_image", "unsupported")  # kinds of `DecodeError` that speak of the type, not of damage
# Seconds that are waited before somebody is told to come back later: who asks again at once would otherwise keep a
# service that has too much to do busy with saying so, as often as it can be said on each connection.
PAUSE = 0.05
RETRY_AFTER = {StoreUnavailableError: "5", OverloadedError: "1"}  # seconds
# Errors whose words are meant for whoever asked; those of all others may name files and hosts.
TOLD = (ImageNotFoundError, DamagedImageError, OverloadedError, DecodeError, RequestError, ConfigError, RunError)

_log = logging.getLogger(__name__)


class Problem(Config):
    """What an answer that is an error says.

    Attributes:
        type: Always ``about:blank``: the status says what kind of problem it is.
        title: The status in words.
        status: The HTTP status.
        detail: Everything in one text.
        found: What was found.
        expected: What was expected instead.
        action: What to do now.
        request_id: Under which the service's log has this request.
        error: Which of our errors it is; empty if it is none, or one of the inside.
        kind: Of a `DecodeError`, for example ``truncated``; else empty.
    """

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    found: str = ""
    expected: str = ""
    action: str = ""
    request_id: str = ""
    error: str = ""
    kind: str = ""


# For ``FastAPI(responses=...)``: how every route may answer besides.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}}
    for status, words in (("4XX", "The request cannot be answered as it is"), ("5XX", "The service cannot answer now"))
}


def problem(
    status: int,
    found: str,
    *,
    expected: str = "",
    action: str = "",
    headers: Mapping[str, str] | None = None,
    scope: Scope | None = None,
    error: str = "",
    kind: str = "",
) -> Response:
    """Return an answer that is an error; also an ASGI application, for middlewares.

    Args:
        status: HTTP status.
        found: What was found, as a sentence without its full stop.
        expected: What was expected instead.
        action: What to do now.
        headers: Of the answer.
        scope: Of the request, which has its id.
        error: Which of our errors it is.
        kind: Of a `DecodeError`.
    """
    words = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=str(SynthetykError(found, expected=expected, action=action)),
        found=found,
        expected=expected,
        action=action,
        request_id=request_id(scope or {}),
        error=error,
        kind=kind,
    )
    return Response(words.model_dump_json(), status, dict(headers or {}), MEDIA_TYPE)


def request_id(scope: Scope | dict[str, Any]) -> str:
    """Return a request's id; the outermost middleware leaves it in the request's ``state``."""
    return str(scope.get("state", {}).get("request_id", ""))


def status_of(error: SynthetykError) -> HTTPStatus:
    """Return the HTTP status of one of our errors."""
    if isinstance(error, DecodeError) and error.kind in NO_IMAGE:
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    found = (status for kind, status in STATUSES if isinstance(error, kind))
    return next(found, HTTPStatus.INTERNAL_SERVER_ERROR)


def install(app: FastAPI) -> None:
    """Have an application answer every error as a problem."""
    app.add_exception_handler(SynthetykError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unknown)


async def answer_to(error: SynthetykError, scope: Scope) -> Response:
    """Return the answer that tells one of our errors; where too much is waiting, after a pause.

    Args:
        error: What happened.
        scope: Of the request.
    """
    status = status_of(error)
    if isinstance(error, OverloadedError):
        await asyncio.sleep(PAUSE)
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.warning("%s %s", type(error).__name__, error, extra={"request_id": request_id(scope)})
    after = next((seconds for kind, seconds in RETRY_AFTER.items() if isinstance(error, kind)), None)
    headers = {"Retry-After": after} if after else None
    if isinstance(error, TOLD):
        found, expected, action = error.found, error.expected, error.action
    elif isinstance(error, StoreUnavailableError):
        found, expected, action = "The store of images cannot be reached, or is full", "", "Ask again later"
    else:
        found, expected, action = "The service failed", "", "Its log says why"
    name = type(error).__name__ if isinstance(error, (*TOLD, StoreUnavailableError)) else ""
    kind = error.kind if isinstance(error, DecodeError) else ""
    return problem(status, found, expected=expected, action=action, headers=headers, scope=scope, error=name, kind=kind)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, SynthetykError)
    return await answer_to(error, request.scope)


async def _invalid(request: Request, error: Exception) -> Response:
    """Say which part of a request is not as it should be; what it was is not repeated, it may be a patient's."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"]) or "request"
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"The value of {name} is refused",
        expected=str(first["msg"]).removeprefix("Input should be ").removeprefix("Value error, "),
        scope=request.scope,
        error=RequestError.__name__,
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and (methods := _allowed(request)):
        headers["Allow"] = ", ".join(methods)
    found = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND and found == HTTPStatus.NOT_FOUND.phrase:
        found = "There is nothing at this address"
    return problem(error.status_code, found, headers=headers, scope=request.scope)


def _allowed(request: Request) -> list[str]:
    """Return the methods that a path takes; of several routes Starlette names those of the first alone."""
    paths = request.app.openapi()["paths"].items()
    fits = (methods for path, methods in paths if compile_path(path)[0].fullmatch(request.url.path))
    return sorted({method.upper() for methods in fits for method in methods})


async def _gone(request: Request, _error: Exception) -> Response:
    return problem(HTTPStatus.BAD_REQUEST, "The request ended early", scope=request.scope)


async def _unknown(request: Request, _error: Exception) -> Response:
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The service failed", action="Its log says why", scope=request.scope
    )

"""Errors as pages: whoever waits for a page is told a problem in words for people, wherever it was found."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.pages.page import PLACES, page
from synthetyk.service.problems import MEDIA_TYPE, Problem

KEPT = 2**16  # bytes of a problem


class Explained:
    """Middleware that makes a page of a problem, where a browser asks for a page; programs get it as it is.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and _wants_page(scope):
            await self._app(scope, receive, _Explaining(scope, send))
        else:
            await self._app(scope, receive, send)


class _Explaining:
    """Sends an answer on, or a page instead of it.

    Args:
        scope: Of the request.
        send: To whom.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send = scope, send
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        """Take a part of the answer."""
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        else:
            self._body = (self._body + message.get("body", b""))[:KEPT]
            if not message.get("more_body"):
                await self._explain(self._start)

    async def _explain(self, start: Message) -> None:
        body = self._page(start["status"]) if self._body else b""  # a request for the head has none
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-type"] = "text/html; charset=utf-8"
        del headers["content-length"]
        if body:
            headers["content-length"] = str(len(body))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})

    def _page(self, status: int) -> bytes:
        place = next((each for each in PLACES if self._scope["path"].startswith(each.path)), None)
        here = place.name if place else ""
        problem = Problem.model_validate_json(self._body)
        shown = page(Request(self._scope), "problem", here, status=status, problem=problem, place=place)
        return bytes(shown.body)


def _wants_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "") == MEDIA_TYPE

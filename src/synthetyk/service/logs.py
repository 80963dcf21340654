"""What a service writes of itself: JSON, one object a line, one line a request.

A line holds no file name, label, query or address: nothing that a patient or a person could be told by. Of an exception
it names the kind and the places in the code, never the message, which may quote what a file holds.
"""

import json
import logging
import re
import secrets
import sys
import time
import traceback
from datetime import UTC, datetime
from typing import IO, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.core.errors import SynthetykError
from synthetyk.service.middleware import add_headers, header_of, route_of
from synthetyk.service.problems import problem

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
PLACES = 12  # in the code that a line names, the innermost
requests = logging.getLogger("synthetyk.requests")
_encode = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make one for each line


class JsonLines(logging.Formatter):
    """Writes a record as one JSON object; what ``extra={"fields": {...}}`` holds stands beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        values: dict[str, Any] = {"time": when, "level": record.levelname.lower(), "logger": record.name}
        # The first line alone: asyncio, for one, quotes an exception's message in those that follow.
        values |= getattr(record, "fields", None) or {"message": record.getMessage().partition("\n")[0]}
        if said := getattr(record, "request_id", ""):
            values["request_id"] = said
        if record.exc_info and record.exc_info[1]:
            values |= described(record.exc_info[1])
        return _encode(values)


def described(error: BaseException) -> dict[str, Any]:
    """Return kind and places of an exception; the words only of ours, which hold nothing of a patient."""
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    places = [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno}" for frame in frames]
    words = {"error_message": str(error)} if isinstance(error, SynthetykError) else {}
    return {"error": type(error).__name__, "at": places, **words}


def log_as_json(stream: IO[str] | None = None, level: int = logging.INFO) -> None:
    """Have this process log JSON lines.

    uvicorn is to be started with ``log_config=None, access_log=False``: its own lines would name paths and addresses.

    Args:
        stream: Where to; default: standard error.
        level: What is less than that is left out.
    """
    # What no line names need not be found out for each (Python's logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn.error", "gunicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = not name.endswith("access")


class RequestLog:
    """Middleware that gives every request an id, logs it, and answers what nobody else has caught.

    The id is taken over if the request brings one. An unknown error ends here, so that no server prints its message.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(_id_of(scope), send)
        scope.setdefault("state", {})["request_id"] = answer.id
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            fields = {"message": "A request failed", "request_id": answer.id}
            requests.error("A request failed", extra={"fields": fields}, exc_info=error)
            if not answer.status:
                failed = problem(500, "The service failed", action="Its log says why", scope=scope)
                await failed(scope, receive, answer.send)
        finally:
            answer.log(scope)


class _Answer:
    """What becomes of one request."""

    def __init__(self, request_id: str, send: Send) -> None:
        self.id, self._send = request_id, send
        self.status, self._bytes = 0, 0
        self._began = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            add_headers(message, [(b"x-request-id", self.id.encode())])
        elif message["type"] == "http.response.body":
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def log(self, scope: Scope) -> None:
        if not requests.isEnabledFor(logging.INFO):
            return
        fields = {
            "request_id": self.id,
            "method": scope["method"],
            "route": route_of(scope),
            "status": self.status,
            "ms": round(1000 * (time.perf_counter() - self._began), 2),
            "bytes": self._bytes,
            "key": scope["state"].get("key"),
        }
        # Not info(): that looks up the calling line for every request.
        record = logging.LogRecord(requests.name, logging.INFO, "", 0, "", None, None)
        record.__dict__["fields"] = fields
        requests.handle(record)


def _id_of(scope: Scope) -> str:
    brought = header_of(scope, b"x-request-id") or b""
    return brought.decode() if REQUEST_ID.fullmatch(brought) else secrets.token_hex(8)

"""Refusals before any work: what would find every queue full is told so before it is read, routed or planned."""

from collections.abc import Callable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from synthetyk.core.errors import OverloadedError
from synthetyk.service.problems import answer_to


class EarlyRefusal:
    """Middleware that refuses requests which no queue has room for.

    It only saves work: a queue itself refuses what it has no room for.

    Args:
        app: What answers.
        full: By path, whether all queues are full that its requests could wait in.
    """

    def __init__(self, app: ASGIApp, full: Mapping[str, Callable[[], bool]]) -> None:
        self._app, self._full = app, full

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        full = self._full.get(scope["path"]) if scope["type"] == "http" else None
        if full is None or not full():
            await self._app(scope, receive, send)
            return
        error = OverloadedError("Too many requests are waiting already", action="Ask again in a moment, or more slowly")
        await (await answer_to(error, scope))(scope, receive, send)

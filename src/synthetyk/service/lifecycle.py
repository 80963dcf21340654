"""How a service stops: it says so, takes nothing new, and answers what it has begun."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.middleware import add_headers, with_head
from synthetyk.service.problems import problem

PROBES = ("/healthz", "/readyz", "/metrics")  # answered to the last
STEP = 0.02  # seconds between two looks


class Lifecycle:
    """What a service is at: serving, or stopping.

    Attributes:
        draining: It was told to stop: it is no longer ready.
        closed: It takes nothing new any more.
        in_flight: Requests being answered, those of probes left out.
    """

    def __init__(self) -> None:
        self.draining = False
        self.closed = False
        self.in_flight = 0

    async def drain(self, *, linger: float, patience: float) -> bool:
        """Stop: be not ready, take requests for a while still, then none, and wait for those in flight.

        Args:
            linger: Seconds in which new requests are taken, until whoever sends them has learnt of it.
            patience: Seconds that requests in flight are given.

        Returns:
            Whether all of them have been answered.
        """
        self.draining = True
        await asyncio.sleep(linger)
        self.closed = True
        end = time.monotonic() + patience
        while self.in_flight and time.monotonic() < end:
            await asyncio.sleep(STEP)
        return not self.in_flight


class Counted:
    """Middleware that knows what is in flight, refuses what is new once the service is closed, and ends connections.

    Args:
        app: What answers.
        lifecycle: What the service is at.
    """

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app, self._lifecycle = app, lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http" or scope["path"] in PROBES:
            await self._app(scope, receive, send)
            return
        if self._lifecycle.closed:
            headers = {"Retry-After": "1", "Connection": "close"}
            await problem(503, "The service is stopping", action="Ask again", headers=headers, scope=scope)(
                scope, receive, send
            )
            return

        self._lifecycle.in_flight += 1
        try:
            await self._app(scope, receive, with_head(send, self._end_connection))
        finally:
            self._lifecycle.in_flight -= 1

    def _end_connection(self, head: Message) -> None:
        if self._lifecycle.draining:
            add_headers(head, [(b"connection", b"close")])

"""How much a service takes: bytes of one request and of all together, and requests a minute."""

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.middleware import header_of
from synthetyk.service.problems import problem

MINUTE = 60.0
PATIENCE = 30.0  # seconds
LATE = "synthetyk.late"  # in place of a message that did not come
REMEMBERED = 10_000  # who asked lately; about 150 bytes each


class Bodies:
    """Middleware that takes bodies up to a length, all of those in flight together up to another, and while they come.

    Where a request says that its body is too long, nothing of it is read, else no more than the limit; the connection
    ends.

    Args:
        app: What answers.
        limit: Bytes of one body.
        together: Bytes of all bodies that have been read for requests in flight.
        patience: Seconds in which a body has to go on.
    """

    def __init__(self, app: ASGIApp, limit: int, together: int, patience: float = PATIENCE) -> None:
        self._app, self._limit, self._together, self._patience = app, limit, together, patience
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _said_length(scope) > self._limit:
            await self._refusal(413, scope)(scope, receive, send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        read, refused, more, started = 0, 0, True, False

        async def received() -> Message:
            nonlocal read, refused, more
            if not more:
                return await receive()  # that whoever asked has gone
            message = await self._next(receive)
            length, more = len(message.get("body", b"")), message.get("more_body", False)
            read, self._held = read + length, self._held + length
            refused = self._status(message, read)
            if refused:
                raise HTTPException(refused)  # the one exception that no framework makes another of
            return message

        async def sent(message: Message) -> None:
            nonlocal started
            if started or not refused:
                started = True
                await send(message)

        try:
            await self._app(scope, received, sent)
        except HTTPException:
            if not refused:
                raise
        finally:
            self._held -= read
        if refused and not started:
            await self._refusal(refused, scope)(scope, receive, send)

    async def _next(self, receive: Receive) -> Message:
        try:
            async with asyncio.timeout(self._patience):
                return await receive()
        except TimeoutError:
            return {"type": LATE}

    def _status(self, message: Message, read: int) -> int:
        """Return the status with which a body is refused, 0 if it is taken."""
        if message["type"] == LATE:
            return 408
        if read > self._limit:
            return 413
        return 503 if self._held > self._together else 0

    def _refusal(self, status: int, scope: Scope) -> ASGIApp:
        found, expected, action, headers = {
            408: ("The body does not go on", f"more of it within {self._patience:g} s", "Send it again", {}),
            413: ("The request is too long", f"at most {self._limit:,} bytes", "", {}),
            503: ("Too many bodies are in flight", "", "Send it again", {"Retry-After": "1"}),
        }[status]
        return problem(
            status, found, expected=expected, action=action, headers=headers | {"Connection": "close"}, scope=scope
        )


def _said_length(scope: Scope) -> int:
    said = header_of(scope, b"content-length") or b"0"
    return int(said) if said.isdigit() else 0


class RateLimiter:
    """Counts who asks how often: a bucket of a minute's requests, which fills steadily.

    A bucket is one number, the time at which it will be full (the generic cell rate algorithm). One that is full is
    like one that was never asked of, so that it may be forgotten.

    Args:
        rate: Requests a minute.
        clock: Seconds that only grow.
        remembered: Buckets at most; beyond that, who has been away for longest starts with a full one.
    """

    def __init__(self, rate: int, *, clock: Callable[[], float] = time.monotonic, remembered: int = REMEMBERED) -> None:
        self._interval, self._clock, self._remembered = MINUTE / rate, clock, remembered
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, who: str) -> float:
        """Take a request out of a bucket.

        Returns:
            0, or in how many seconds there will be one to take.
        """
        now = self._clock()
        full_at = max(now, self._full_at.pop(who, now)) + self._interval
        wait = max(0.0, full_at - now - MINUTE)
        wait = 0.0 if wait < 1e-6 else wait  # rounding of what is a whole number of intervals
        self._full_at[who] = full_at - self._interval if wait else full_at
        if len(self._full_at) > self._remembered:
            self._full_at.popitem(last=False)
        return wait


class RateLimit:
    """Middleware that refuses who asks too often: each key, and each address that brings none which is known.

    Args:
        app: What answers.
        limiter: Counts.
        free: Tells whether a path is not counted, as probes are not.
    """

    def __init__(self, app: ASGIApp, limiter: RateLimiter, free: Callable[[str], bool]) -> None:
        self._app, self._limiter, self._free = app, limiter, free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        counted = scope["type"] == "http" and not self._free(scope["path"])
        wait = self._limiter.take(_who(scope)) if counted else 0.0
        if not wait:
            await self._app(scope, receive, send)
            return
        seconds = str(math.ceil(wait))
        refused = problem(
            429,
            "Too many requests",
            action=f"Ask again in {seconds} s",
            headers={"Retry-After": seconds},
            scope=scope,
        )
        await refused(scope, receive, send)


def _who(scope: Scope) -> str:
    """Return the key's name, or the address; of IPv6 the network, of which one machine has all addresses."""
    if name := scope.get("state", {}).get("key"):
        return f"key {name}"
    return _network_of(str((scope.get("client") or ("",))[0]))


@lru_cache(maxsize=1024)
def _network_of(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))

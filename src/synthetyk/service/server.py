"""One process that answers: uvicorn, which is told to stop by a signal, drains, and ends."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from synthetyk.service.asgi import Application
from synthetyk.service.serving import Serving

FORWARDED = "FORWARDED_ALLOW_IPS"  # addresses of proxies whose word on a client's address counts
REST = 1  # seconds that are left, after draining, to what has not ended


class Server(uvicorn.Server):
    """A uvicorn that drains before it ends; the second Ctrl-C ends it at once.

    Args:
        application: What it serves.
        serving: How.
        signals: Those that tell it to stop.
        ready: Called when it answers.
    """

    def __init__(
        self,
        application: Application,
        serving: Serving,
        *,
        signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGINT),
        ready: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=FORWARDED in os.environ,
                timeout_graceful_shutdown=REST,
            )
        )
        self._application, self._settings = application, serving.settings
        self._signals, self._ready = signals, ready
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Listen to signals, and raise none of them again at the end: to be told to stop is no failure."""
        self._loop = asyncio.get_running_loop()
        with hearing(self._signals, self.handle_exit):
            yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin to stop."""
        if self._loop and not self._draining:
            self._loop.call_soon_threadsafe(self._stop)
        elif sig == signal.SIGINT:
            self.should_exit = self.force_exit = True

    def _stop(self) -> None:
        self._draining = self._draining or asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        if self.started:
            lifecycle = self._application.open().lifecycle
            await lifecycle.drain(linger=self._settings.linger_seconds, patience=self._settings.drain_seconds)
        self.should_exit = True


@contextmanager
def hearing(signals: Iterable[signal.Signals], handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have signals handled within a block; afterwards they are as they were."""
    before = {each: signal.signal(each, handler) for each in signals}
    try:
        yield
    finally:
        for each, former in before.items():
            signal.signal(each, former)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        OSError: The address is another's, or in use.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=2048)


def address_of(listener: socket.socket) -> str:
    """Return the address of a listening socket, as a browser takes it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

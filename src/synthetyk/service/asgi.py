"""``synthetyk.service.asgi:app``: the application for any ASGI server, told by the environment what to serve.

Store and models are opened in the process that serves, when it begins: after a fork, and never when this is imported.
"""

import gc
from collections.abc import Awaitable, Callable
from threading import Lock

from anyio import to_thread
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from synthetyk.core.errors import SynthetykError
from synthetyk.service.app import create_app
from synthetyk.service.context import Service
from synthetyk.service.logs import log_as_json
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.serving import Serving
from synthetyk.store.open import open_store


class Application:
    """An ASGI application that is put together when the process that serves it begins.

    Args:
        find: Says what to serve; asked then.
        prepare: Readies the process for it; called before.
    """

    def __init__(self, find: Callable[[], Serving], prepare: Callable[[], None] = lambda: None) -> None:
        self._find, self._prepare = find, prepare
        self._lock = Lock()
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, end, or answer a request."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        app = self._app
        if app is None:  # the server knows of no lifespan
            app = await to_thread.run_sync(self._opened)
        await app(scope, receive, send)

    def open(self) -> Service:
        """Open store and models, unless that was done before.

        Raises:
            SynthetykError: One of them cannot be opened.
        """
        service: Service = self._opened().state.service
        return service

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            app, self._app = self._app, None
        if app is not None:
            gc.unfreeze()
            app.state.service.store.close()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = await receive()
        try:
            app = await to_thread.run_sync(self._opened)
        except (SynthetykError, OSError) as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        try:
            await app(scope, _first(begun, receive), send)
        finally:
            self.close()  # at once: the server cancels what it no longer waits for

    def _opened(self) -> FastAPI:
        with self._lock:
            if self._app is None:
                self._prepare()
                self._app = _put_together(self._find())
                # All that is there by now stays; Python's collector would look through it again and again, and stop
                # every thread meanwhile.
                gc.collect()
                gc.freeze()
            return self._app


def _put_together(serving: Serving) -> FastAPI:
    models = ServedModels([ServedModel.open(path, serving.settings) for path in serving.packages])
    store = open_store(serving.store)
    try:
        store.check()
        return create_app(serving.settings, store, models)
    except BaseException:
        store.close()
        raise


def _first(message: Message, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Return a `receive` that gives a message again which was taken already."""
    taken = [message]

    async def again() -> Message:
        return taken.pop() if taken else await receive()

    return again


app = Application(Serving.from_environment, log_as_json)

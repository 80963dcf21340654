"""A service in the test's own process, and clients of it."""

import asyncio
import inspect
import io

import httpx
import numpy as np
from PIL import Image

from synthetyk.client.asynchronous import AsyncClient
from synthetyk.client.client import Client
from synthetyk.client.retries import Retries
from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.drivers.memory import MemoryStore


def app_of(*packages, **settings):
    """Return a service with these packages."""
    chosen = ServiceSettings(**settings)
    models = ServedModels([ServedModel.open(package, chosen) for package in packages])
    return create_app(chosen, MemoryStore(), models)


def image_of(number):
    """Return a PNG that no other number has."""
    stream = io.BytesIO()
    Image.fromarray(np.full((9, 9), number, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


class Sleeps(list):
    """Notes what it was told to sleep, and does not."""

    def __call__(self, seconds):
        self.append(seconds)

    async def later(self, seconds):
        self.append(seconds)


class Loop:
    """Asks an `AsyncClient` as if it were a `Client`: each call runs to its end."""

    def __init__(self, **options):
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(**options)

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *words, **named: self._run(method(*words, **named))

    def _run(self, found):
        if inspect.isasyncgen(found):
            return self._loop.run_until_complete(_all(found))
        return self._loop.run_until_complete(found)

    def end(self):
        self._loop.run_until_complete(self._client.close())
        self._loop.close()


async def _all(found):
    return [each async for each in found]


class InProcess(httpx.BaseTransport):
    """Sends the requests of a `Client` to an application."""

    def __init__(self, app):
        self._loop, self._inner = asyncio.new_event_loop(), httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request):
        async def answered():
            sent = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            answer = await self._inner.handle_async_request(sent)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return self._loop.run_until_complete(answered())

    def close(self):
        self._loop.close()


def scripted(*outcomes):
    """Return a transport that gives one outcome after the other, and the requests that it got."""
    left, got = list(outcomes), []

    def handle(request):
        got.append(request)
        outcome = left.pop(0)
        if isinstance(outcome, type):
            raise outcome("no", request=request)
        return outcome

    return httpx.MockTransport(handle), got


def client_with(transport, sleeps=None, attempts=5, **options):
    return Client(
        transport=transport, sleep=sleeps if sleeps is not None else Sleeps(), retries=Retries(attempts), **options
    )

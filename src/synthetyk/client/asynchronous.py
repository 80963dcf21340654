"""Asks a service from Python, many requests at a time.

Example:
    async with AsyncClient("http://127.0.0.1:8000") as client:
        records = await asyncio.gather(*(client.put_image(path) for path in paths))
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import anyio
import httpx

from synthetyk.client import calls
from synthetyk.client.calls import Call, Format
from synthetyk.client.client import ONCE, PAGE, PATIENT, TIMEOUT, checked_url, headers_of
from synthetyk.client.results import Generated, Health, Model, Predicted
from synthetyk.client.retries import Outcome, Retries, attempts
from synthetyk.core.errors import ServiceUnavailableError
from synthetyk.store.record import ImageRecord, Origin, Prediction, Wanted

Result = TypeVar("Result")


class AsyncClient:
    """Asks a service; its methods are those of `Client`, with ``await``.

    Every method raises what the service raised: `RequestError`, `ImageNotFoundError`, `DecodeError` and so on;
    `ServiceRefusedError` where the key opens too little, and `ServiceUnavailableError` once no attempt met an answer.

    Args:
        url: Where the service is.
        key: API key; empty: none.
        retries: How often a request is sent again.
        timeout: Seconds that one attempt may wait for the service.
        transport: Sends the requests; default: over the network.
        sleep: Waits.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str = "",
        retries: Retries = PATIENT,
        timeout: float = TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=checked_url(url), headers=headers_of(key), timeout=timeout, transport=transport
        )
        self._retries, self._sleep = retries, sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the connections."""
        await self._http.aclose()

    async def put_image(self, image: bytes | Path, *, label: str = "") -> ImageRecord:
        """Store an image; once this returns, it outlives a loss of power."""
        return await self._ask(calls.put_image(image, label))

    async def image(self, image_id: str) -> ImageRecord:
        """Return what is known of an image."""
        return await self._ask(calls.image(image_id))

    async def images(
        self,
        *,
        origin: Origin | None = None,
        label: str | None = None,
        model: str | None = None,
        before: int | None = None,
        since: int | None = None,
    ) -> AsyncIterator[ImageRecord]:
        """Yield every image that fits, the latest first; the list is asked for part by part."""
        said = {"origin": origin, "label": label, "model": model, "before": before, "since": since}
        wanted, after = Wanted.parse(said, where="Which images"), None
        while True:
            found = await self._ask(calls.images(wanted, PAGE, after))
            for record in found.images:
                yield record
            after = found.after
            if after is None:
                return

    async def content(self, image_id: str) -> bytes:
        """Return the bytes of an image, checked against its id."""
        return await self._ask(calls.content(image_id))

    async def delete(self, image_id: str) -> None:
        """Have an image and what was said of it forgotten."""
        await self._ask(calls.delete(image_id))

    async def predict(self, image_id: str, *, model: str = "") -> Prediction:
        """Return what a stored image shows; it is also kept beside the image."""
        return await self._ask(calls.predict(image_id, model))

    async def predict_image(self, image: bytes | Path, *, model: str = "", label: str = "") -> Predicted:
        """Store an image and return what it shows."""
        return await self._ask(calls.predict_image(image, model, label))

    async def predictions(self, image_id: str) -> tuple[Prediction, ...]:
        """Return all that was said of an image, the earliest first."""
        return await self._ask(calls.predictions(image_id))

    async def generate(
        self,
        count: int = 1,
        *,
        model: str = "",
        label: str = "",
        balanced: bool = False,
        first: int = 0,
        seed: int | None = None,
        truncation: float = 1.0,
        format: Format = "png",
        store: bool = False,
    ) -> Generated:
        """Have images drawn; the same request gives the same bytes."""
        asked = {"count": count, "model": model, "label": label, "balanced": balanced, "first": first, "seed": seed}
        return await self._ask(calls.generate(asked | {"truncation": truncation, "format": format, "store": store}))

    async def models(self) -> tuple[Model, ...]:
        """Return the models that the service predicts and draws with."""
        return await self._ask(calls.models())

    async def health(self) -> Health:
        """Return how the service is; one that cannot be reached is not alive, which is no error."""
        try:
            return await self._ask(calls.health(), ONCE)
        except ServiceUnavailableError as error:
            return Health(alive=False, ready=False, reason=str(error))

    async def _ask(self, call: Call[Result], retries: Retries | None = None) -> Result:
        steps = attempts(call, retries or self._retries)
        wait = next(steps)
        try:
            while True:
                await self._sleep(wait)
                wait = steps.send(await self._try(call))
        except StopIteration as done:
            result: Result = done.value
            return result

    async def _try(self, call: Call[Result]) -> Outcome:
        try:
            return await self._http.send(call.request(self._http))
        except httpx.TransportError as error:
            return error

"""Asks a service from Python, one request after the other.

Example:
    with Client("http://127.0.0.1:8000", key="synthetyk_...") as client:
        found = client.predict_image(Path("image.png"))
        print(found.prediction.label, found.prediction.probabilities)
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx

import synthetyk
from synthetyk.client import calls
from synthetyk.client.calls import Call, Format
from synthetyk.client.results import Generated, Health, Model, Predicted
from synthetyk.client.retries import Outcome, Retries, attempts
from synthetyk.core.errors import ConfigError, ServiceUnavailableError
from synthetyk.store.record import ImageRecord, Origin, Prediction, Wanted

Result = TypeVar("Result")
PAGE = 200  # records that are asked for at once
TIMEOUT = 60.0  # seconds
PATIENT, ONCE = Retries(), Retries(attempts=1)


class Client:
    """Asks a service; `AsyncClient` does the same with ``await``.

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
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(
            base_url=checked_url(url), headers=headers_of(key), timeout=timeout, transport=transport
        )
        self._retries, self._sleep = retries, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._http.close()

    def put_image(self, image: bytes | Path, *, label: str = "") -> ImageRecord:
        """Store an image; once this returns, it outlives a loss of power.

        Args:
            image: A PNG, JPEG, TIFF, BMP or DICOM file, or its bytes.
            label: Its class, as far as it is known.
        """
        return self._ask(calls.put_image(image, label))

    def image(self, image_id: str) -> ImageRecord:
        """Return what is known of an image."""
        return self._ask(calls.image(image_id))

    def images(
        self,
        *,
        origin: Origin | None = None,
        label: str | None = None,
        model: str | None = None,
        before: int | None = None,
        since: int | None = None,
    ) -> Iterator[ImageRecord]:
        """Yield every image that fits, the latest first; the list is asked for part by part.

        Args:
            origin: Real or synthetic.
            label: Class.
            model: SHA-256 of the model that drew them.
            before: Stored earlier than this, milliseconds since 1970 in UTC.
            since: Stored then or later.
        """
        said = {"origin": origin, "label": label, "model": model, "before": before, "since": since}
        wanted, after = Wanted.parse(said, where="Which images"), None
        while True:
            found = self._ask(calls.images(wanted, PAGE, after))
            yield from found.images
            after = found.after
            if after is None:
                return

    def content(self, image_id: str) -> bytes:
        """Return the bytes of an image, checked against its id."""
        return self._ask(calls.content(image_id))

    def delete(self, image_id: str) -> None:
        """Have an image and what was said of it forgotten."""
        self._ask(calls.delete(image_id))

    def predict(self, image_id: str, *, model: str = "") -> Prediction:
        """Return what a stored image shows; it is also kept beside the image.

        Args:
            image_id: Of a stored image.
            model: Name or hash of a model; empty: the service's first that has a classifier.
        """
        return self._ask(calls.predict(image_id, model))

    def predict_image(self, image: bytes | Path, *, model: str = "", label: str = "") -> Predicted:
        """Store an image and return what it shows."""
        return self._ask(calls.predict_image(image, model, label))

    def predictions(self, image_id: str) -> tuple[Prediction, ...]:
        """Return all that was said of an image, the earliest first."""
        return self._ask(calls.predictions(image_id))

    def generate(
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
        """Have images drawn; the same request gives the same bytes.

        Args:
            count: How many images.
            model: Name or hash of a model; empty: the service's first that has a generator.
            label: Name of the class.
            balanced: Whether the images are of all classes in turn.
            first: Number of the first of them within its class.
            seed: Of all images; default: the model's own.
            truncation: Scale of the noise.
            format: One PNG, a zip of PNGs, an array for numpy, or JSON.
            store: Whether the service also keeps them.
        """
        asked = {"count": count, "model": model, "label": label, "balanced": balanced, "first": first, "seed": seed}
        return self._ask(calls.generate(asked | {"truncation": truncation, "format": format, "store": store}))

    def models(self) -> tuple[Model, ...]:
        """Return the models that the service predicts and draws with."""
        return self._ask(calls.models())

    def health(self) -> Health:
        """Return how the service is; one that cannot be reached is not alive, which is no error."""
        try:
            return self._ask(calls.health(), ONCE)
        except ServiceUnavailableError as error:
            return Health(alive=False, ready=False, reason=str(error))

    def _ask(self, call: Call[Result], retries: Retries | None = None) -> Result:
        steps = attempts(call, retries or self._retries)
        wait = next(steps)
        try:
            while True:
                self._sleep(wait)
                wait = steps.send(self._try(call))
        except StopIteration as done:
            result: Result = done.value
            return result

    def _try(self, call: Call[Result]) -> Outcome:
        try:
            return self._http.send(call.request(self._http))
        except httpx.TransportError as error:
            return error


def checked_url(url: str) -> str:
    """Return the address of a service.

    Raises:
        ConfigError: It is none.
    """
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        found = httpx.URL("")
    if found.scheme not in ("http", "https") or not found.host:
        raise ConfigError(f"{url!r} is no address of a service", expected="for example http://127.0.0.1:8000")
    return url


def headers_of(key: str) -> dict[str, str]:
    """Return the headers of every request.

    Raises:
        ConfigError: The key is none.
    """
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigError("The API key is none", expected="what synthetyk keys add printed, in one word")
    known = {"User-Agent": f"synthetyk/{synthetyk.__version__}"}
    return known | ({"Authorization": f"Bearer {key}"} if key else {})

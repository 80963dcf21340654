"""What can be asked of a service: each request, and how its answer is read. Nothing is sent here."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from urllib.parse import quote

import httpx

from synthetyk.client.results import Generated, Health, Images, Model, Predicted, read
from synthetyk.core.errors import DamagedImageError, ServiceError
from synthetyk.store.record import ImageRecord, Prediction, Wanted

Result = TypeVar("Result")
Format = Literal["png", "zip", "npy", "json"]


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request.

    Attributes:
        method: Of HTTP.
        path: With ids as they stand in it.
        result: Makes the result of an answer.
        query: What is said in the query; None is left out.
        content: The body.
        json: The body as JSON.
        accepted: Statuses besides those of success that are answers, not errors.
        accepted_again: Statuses that are, once the request has been sent before: it may have done its work then.
    """

    method: str
    path: str
    result: Callable[[httpx.Response], Result]
    query: dict[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    json: dict[str, Any] | None = None
    accepted: tuple[int, ...] = ()
    accepted_again: tuple[int, ...] = ()

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """Return the request."""
        said = {name: value for name, value in self.query.items() if value is not None}
        return http.build_request(self.method, self.path, params=said, content=self.content, json=self.json)

    def answered(self, answer: httpx.Response, attempt: int) -> bool:
        """Tell whether what came back is an answer, and no error."""
        accepted = self.accepted + (self.accepted_again if attempt > 1 else ())
        return answer.is_success or answer.status_code in accepted


def put_image(image: bytes | Path, label: str) -> Call[ImageRecord]:
    """Store an image."""
    query = {"label": label or None}
    return Call("POST", "/v1/images", lambda got: read(ImageRecord, _json(got)), query, _bytes(image))


def image(image_id: str) -> Call[ImageRecord]:
    """Ask what is known of an image."""
    return Call("GET", _path(image_id), lambda got: read(ImageRecord, _json(got)))


def images(wanted: Wanted, limit: int, after: str | None) -> Call[Images]:
    """Ask for a part of the list of images."""
    query = {**wanted.model_dump(), "limit": limit, "after": after}
    return Call("GET", "/v1/images", lambda got: read(Images, _json(got)), query)


def content(image_id: str) -> Call[bytes]:
    """Ask for the bytes of an image."""

    def checked(got: httpx.Response) -> bytes:
        if hashlib.sha256(got.content).hexdigest() != image_id:
            raise DamagedImageError.of(image_id)
        return got.content

    return Call("GET", f"{_path(image_id)}/content", checked)


def delete(image_id: str) -> Call[None]:
    """Have an image forgotten."""
    return Call("DELETE", _path(image_id), lambda _: None, accepted_again=(404,))


def predict(image_id: str, model: str) -> Call[Prediction]:
    """Ask what a stored image shows."""
    path = f"{_path(image_id)}/predictions"
    return Call("POST", path, lambda got: read(Prediction, _json(got)), {"model": model or None})


def predict_image(image: bytes | Path, model: str, label: str) -> Call[Predicted]:
    """Store an image and ask what it shows."""
    query = {"model": model or None, "label": label or None}
    return Call("POST", "/v1/predict", lambda got: read(Predicted, _json(got)), query, _bytes(image))


def predictions(image_id: str) -> Call[tuple[Prediction, ...]]:
    """Ask what was said of an image."""

    def made(got: httpx.Response) -> tuple[Prediction, ...]:
        return tuple(read(Prediction, each) for each in _list(got, "predictions"))

    return Call("GET", f"{_path(image_id)}/predictions", made)


def generate(asked: dict[str, Any]) -> Call[Generated]:
    """Have images drawn."""
    return Call("POST", "/v1/generate", _generated, json={k: v for k, v in asked.items() if v is not None})


def models() -> Call[tuple[Model, ...]]:
    """Ask which models there are."""
    return Call("GET", "/v1/models", lambda got: tuple(read(Model, each) for each in _list(got, "models")))


def health() -> Call[Health]:
    """Ask how the service is."""

    def made(got: httpx.Response) -> Health:
        if got.is_success:
            return Health(alive=True, ready=True)
        return Health(alive=True, ready=False, reason=str(_json(got).get("detail", "")))

    return Call("GET", "/readyz", made, accepted=(503,))


def _bytes(image: bytes | Path) -> bytes:
    return image if isinstance(image, bytes) else image.read_bytes()


def _path(image_id: str) -> str:
    return f"/v1/images/{quote(image_id, safe='')}"


def _json(got: httpx.Response) -> dict[str, Any]:
    try:
        values = got.json()
    except ValueError as error:
        raise ServiceError("The answer is no JSON", action="Is this a Synthetyk service?") from error
    if not isinstance(values, dict):
        raise ServiceError("The answer is no JSON object", action="Is this a Synthetyk service?")
    return values


def _list(got: httpx.Response, name: str) -> list[Any]:
    values = _json(got).get(name)
    if not isinstance(values, list):
        raise ServiceError(f"The answer has no list of {name}", action="Is this a Synthetyk service?")
    return values


def _generated(got: httpx.Response) -> Generated:
    headers = got.headers
    values = {
        "data": got.content,
        "media_type": headers.get("content-type", ""),
        "model": headers.get("synthetyk-model"),
        "seed": headers.get("synthetyk-seed"),
        "generation": headers.get("synthetyk-generation"),
    }
    return read(Generated, values)

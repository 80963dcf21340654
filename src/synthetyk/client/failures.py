"""What a service answers that is an error, as the error that it was there."""

from typing import Any

import httpx

from synthetyk.core import errors
from synthetyk.core.errors import (
    DecodeError,
    ServiceError,
    ServiceRefusedError,
    ServiceUnavailableError,
    SynthetykError,
)

# What a status means, where the answer does not say which error it was.
BY_STATUS: dict[int, type[SynthetykError]] = {
    **{401: ServiceRefusedError, 403: ServiceRefusedError, 421: ServiceRefusedError},
    **{404: errors.ImageNotFoundError, 413: errors.RequestError, 415: errors.DecodeError, 422: errors.RequestError},
    **{429: ServiceUnavailableError, 502: ServiceUnavailableError, 503: ServiceUnavailableError},
    504: ServiceUnavailableError,
}


def error_of(answer: httpx.Response) -> SynthetykError:
    """Return the error that an answer tells of."""
    said = _problem(answer)
    kind = _named(said.get("error")) or BY_STATUS.get(answer.status_code, ServiceError)
    found = str(said.get("found") or said.get("detail") or f"The service answered {answer.status_code}")
    error = kind(found, expected=str(said.get("expected", "")), action=str(said.get("action", "")))
    if isinstance(error, DecodeError):
        error.kind = str(said.get("kind") or error.kind)
    if request := answer.headers.get("x-request-id"):
        error.add_note(f"The service's log has it as request {request}.")
    return error


def unreachable(error: httpx.TransportError) -> ServiceUnavailableError:
    """Return the error of a request that got no answer."""
    url = error.request.url
    return ServiceUnavailableError(
        f"The service at {url.scheme}://{url.netloc.decode()} does not answer ({type(error).__name__})",
        action="Is it running, and is this its address?",
    )


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _named(name: object) -> type[SynthetykError] | None:
    kind = getattr(errors, name, None) if isinstance(name, str) else None
    return kind if isinstance(kind, type) and issubclass(kind, SynthetykError) else None

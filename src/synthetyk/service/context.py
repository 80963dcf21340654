"""What every route of a service works with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from synthetyk.service.models import ServedModels
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.store import ImageStore


@dataclass(frozen=True)
class Service:
    """What every route of a service works with; it lies in ``app.state.service``.

    Attributes:
        settings: How the service runs.
        store: Where its images are kept.
        models: What it predicts and generates with.
    """

    settings: ServiceSettings
    store: ImageStore
    models: ServedModels


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    found: Service = request.app.state.service
    return found


TheService = Annotated[Service, Depends(service_of)]

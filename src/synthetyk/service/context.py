"""What every route of a service works with."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from synthetyk.service.lifecycle import Lifecycle
from synthetyk.service.models import ServedModels
from synthetyk.service.queues import Queues
from synthetyk.service.recorder import Recorder
from synthetyk.service.settings import ServiceSettings
from synthetyk.service.telemetry import Telemetry
from synthetyk.service.threads import Threads
from synthetyk.store.store import ImageStore


@dataclass(frozen=True)
class Service:
    """What every route of a service works with; it lies in ``app.state.service``.

    Attributes:
        settings: How the service runs.
        store: Where its images are kept.
        models: What it predicts and generates with.
        telemetry: What it counts of itself.
        threads: Where calls run that would hold up the event loop.
        lifecycle: Whether it is stopping.
        queues: Where requests wait for the models' networks.
        recorder: Where it is recorded what happened.
    """

    settings: ServiceSettings
    store: ImageStore
    models: ServedModels
    telemetry: Telemetry
    threads: Threads
    lifecycle: Lifecycle
    queues: Queues
    recorder: Recorder


def service_of(request: Request) -> Service:
    """Return the service that a request came to."""
    found: Service = request.app.state.service
    return found


async def _on_the_loop(request: Request) -> Service:  # FastAPI runs a plain function in a thread
    return service_of(request)


TheService = Annotated[Service, Depends(_on_the_loop)]

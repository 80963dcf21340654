"""The REST service as an ASGI application, put together from its parts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import synthetyk
from synthetyk.service import problems
from synthetyk.service.context import Service
from synthetyk.service.guard import protect
from synthetyk.service.head import Heads
from synthetyk.service.lifecycle import Counted, Lifecycle
from synthetyk.service.models import ServedModels
from synthetyk.service.on_device.mount import mount
from synthetyk.service.overload import EarlyRefusal
from synthetyk.service.pages.explained import Explained
from synthetyk.service.pages.router import add_pages
from synthetyk.service.queues import Queues
from synthetyk.service.recorder import Recorder
from synthetyk.service.routes import events, generate, images, invocations, login, predict, probes
from synthetyk.service.routes import models as model_routes
from synthetyk.service.routes.lean import answer_first
from synthetyk.service.settings import ServiceSettings
from synthetyk.service.telemetry import Measured, Telemetry
from synthetyk.service.threads import Threads
from synthetyk.store.store import ImageStore

# Requests are compared with one route after the other: what is asked most often stands first.
ROUTERS = (
    generate.router,
    predict.router,
    images.router,
    events.router,
    probes.router,
    invocations.router,
    model_routes.router,
    login.router,
)


def create_app(settings: ServiceSettings, store: ImageStore, models: ServedModels) -> FastAPI:
    """Return the application of a service.

    Args:
        settings: How it runs.
        store: Where its images are kept; whoever opened it closes it.
        models: What it predicts and generates with.
    """
    service = Service(
        settings,
        store,
        models,
        telemetry=Telemetry(),
        threads=Threads(settings.queue),
        lifecycle=Lifecycle(),
        queues=Queues(models, settings),
        recorder=Recorder(store, settings.queue),
    )
    app = FastAPI(
        title="Synthetyk",
        version=synthetyk.__version__,
        docs_url=None,  # FastAPI's own pages load their scripts from elsewhere
        redoc_url=None,
        responses=problems.PROBLEMS,
        lifespan=_drained,
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    mount(app, models)
    add_pages(app)
    answer_first(app, generate.PATH, generate.generate)
    problems.install(app)
    full = {
        generate.PATH: lambda: service.queues.generators_full,
        predict.PATH: lambda: service.queues.classifiers_full,
    }
    app.add_middleware(Heads)
    app.add_middleware(EarlyRefusal, full=full)
    app.add_middleware(Counted, lifecycle=service.lifecycle)
    protect(app, settings)
    app.add_middleware(Explained)
    app.add_middleware(Measured, telemetry=service.telemetry)  # outermost: what is refused is counted too
    return app


@asynccontextmanager
async def _drained(app: FastAPI) -> AsyncIterator[None]:
    """Answer what still waits before the application ends."""
    yield
    service: Service = app.state.service
    await service.queues.drain()
    await service.recorder.drain()

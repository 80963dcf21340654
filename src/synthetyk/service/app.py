"""The REST service as an ASGI application, put together from its parts."""

from fastapi import FastAPI

import synthetyk
from synthetyk.service.context import Service
from synthetyk.service.models import ServedModels
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.store import ImageStore


def create_app(settings: ServiceSettings, store: ImageStore, models: ServedModels) -> FastAPI:
    """Return the application of a service.

    Args:
        settings: How it runs.
        store: Where its images are kept; whoever opened it closes it.
        models: What it predicts and generates with.
    """
    app = FastAPI(title="Synthetyk", version=synthetyk.__version__)
    app.state.service = Service(settings, store, models)
    return app

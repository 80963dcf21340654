"""All pages, put together."""

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from synthetyk.service.pages import api, classify, data_sets, generate, home, library, runs, turing
from synthetyk.service.pages.jobs import COMMAND

ROUTERS = (
    home.router,
    data_sets.router,
    runs.router,
    generate.router,
    classify.router,
    library.router,
    turing.router,
    api.router,
)
STATIC = Path(__file__).parent / "static"


def add_pages(app: FastAPI) -> None:
    """Put the pages into an application; what they start is ``app.state.command`` with arguments."""
    app.state.command = COMMAND
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")

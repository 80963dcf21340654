"""All pages, put together."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
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
    app.mount("/static", Fresh(directory=STATIC), name="static")


class Fresh(StaticFiles):
    """Files that a browser keeps, but asks each time whether they have changed: another version has other styles."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file, or that it has not changed."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = "no-cache"
        return answer

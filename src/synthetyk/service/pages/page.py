"""How a page is made: its template, and what every template is given."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

import synthetyk
from synthetyk.report import words
from synthetyk.service import csrf
from synthetyk.service.pages.times import day_and_time
from synthetyk.service.sessions import person_of


@dataclass(frozen=True)
class Place:
    """A page that every other leads to.

    Attributes:
        name: What routes call it.
        path: Where it is.
        title: What people call it.
        about: What it is for, in one sentence.
    """

    name: str
    path: str
    title: str
    about: str


PLACES = (
    Place("runs", "/runs", "Runs", "Look at a data set, start a run, follow it, read what it found."),
    Place("generate", "/generate", "Generate", "Have a trained generator draw images of a class."),
    Place("classify", "/classify", "Classify", "Give an image to a classifier, and see where it looked."),
    Place("library", "/library", "Library", "Everything that is stored, real and synthetic."),
    Place("turing", "/which-is-real", "Which one is real?", "Can you tell a real image from a synthetic one?"),
    Place("device", "/on-device", "On this device", "Run the models in your browser: no image leaves it."),
    Place("api", "/api", "API", "Everything that these pages do, for programs."),
)


def page_router(prefix: str = "") -> APIRouter:
    """Return a router for pages below a path; they are no part of the API."""
    return APIRouter(prefix=prefix, include_in_schema=False)


@cache
def environment() -> Environment:
    """Return what fills the templates."""
    made = Environment(
        loader=PackageLoader("synthetyk.service.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(places=PLACES, version=synthetyk.__version__)
    made.filters.update(
        percent=words.percent, count=words.count, images=words.images, duration=words.duration, when=day_and_time
    )
    return made


def page(request: Request, template: str, here: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page.

    Args:
        request: What it answers.
        template: Name of its file, without the ending.
        here: Name of its place.
        status: HTTP status.
        values: What its template is given.
    """
    given = {"here": here, "csrf_token": csrf.token(request), "person": person_of(request.scope), **values}
    return HTMLResponse(environment().get_template(f"{template}.html").render(given), status)

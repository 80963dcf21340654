"""A route that FastAPI describes but Starlette answers: for requests so short that what FastAPI does is felt."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from starlette.routing import Match, Route
from starlette.types import Scope


class LeanRoute(Route):
    """A route that tells the middlewares which one it is, as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether a request is for this route."""
        match, found = super().matches(scope)
        return match, {**found, "route": self}


def answer_first(app: FastAPI, path: str, function: Callable[[Request], Awaitable[Response]]) -> None:
    """Have a function answer the POST requests of a path, before any other route is looked at.

    Args:
        app: It also has the route that describes the path.
        path: Without parts that vary.
        function: Takes the request alone.
    """
    app.router.routes.insert(0, LeanRoute(path, function, methods=["POST"]))

"""What middlewares share: a request's headers, the route that it went to, and the head of its answer."""

from collections.abc import Callable, Iterable

from starlette.types import Message, Scope, Send


def header_of(scope: Scope, name: bytes) -> bytes | None:
    """Return a header of a request, the first of that name; None if there is none.

    Args:
        scope: Of the request.
        name: In small letters.
    """
    return next((value for each, value in scope["headers"] if each == name), None)


def with_head(send: Send, change: Callable[[Message], None]) -> Send:
    """Return a `send` that has the head of an answer changed before it goes out, or looked at."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            change(message)
        await send(message)

    return sent


def add_headers(head: Message, pairs: Iterable[tuple[bytes, bytes]]) -> None:
    """Add headers to the head of an answer."""
    head["headers"] = [*head.get("headers", ()), *pairs]


def route_of(scope: Scope) -> str:
    """Return which route a request went to: its path with names for what stands in it; empty if there is none.

    Of what lies in a folder the folder's path is all that is told.
    """
    route = scope.get("route")
    if route is None:
        return str(scope.get("root_path", ""))
    template = str(getattr(route, "path", ""))
    if template == scope["path"] or ":path}" in template:
        return template
    # A prefix that a router is included with is in the request's path; in newer FastAPI not in its routes' paths.
    asked, own = ([part for part in path.split("/") if part] for path in (scope["path"], template))
    names = {value: f"{{{name}}}" for name, value in scope.get("path_params", {}).items()}
    before = [names.get(part, part) for part in asked[: max(0, len(asked) - len(own))]]
    return "/" + "/".join([*before, *own])

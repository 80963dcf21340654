"""The page of the REST API: every route with an example, from the same OpenAPI document that programs read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse

from synthetyk.service.guard import wanted_scope
from synthetyk.service.pages.page import page, page_router

HERE = "api"
# Bodies of the examples; an image is a file beside the reader.
BODIES = {
    "/v1/generate": {"balanced": True, "count": 6, "seed": 1, "format": "zip"},
    "/invocations": {"inputs": ["BASE64"], "params": {"task": "predict"}},
}
FILES = {"/v1/generate": "images.zip"}

router = page_router()


@dataclass(frozen=True)
class Parameter:
    """What a route can be told in its path or query.

    Attributes:
        name: As it is written.
        place: ``path`` or ``query``.
        required: Whether it has to be there.
        about: What it is.
    """

    name: str
    place: str
    required: bool
    about: str


@dataclass(frozen=True)
class Operation:
    """A route.

    Attributes:
        method: Of HTTP.
        path: With its parameters in braces.
        summary: What it does, in one sentence.
        scope: Of the key that it asks for; empty: none.
        parameters: In its path and query.
        example: A command that asks it.
    """

    method: str
    path: str
    summary: str
    scope: str
    parameters: tuple[Parameter, ...]
    example: str

    @property
    def told(self) -> list[Parameter]:
        """Parameters that something is said of."""
        return [each for each in self.parameters if each.about]

    @property
    def untold(self) -> list[Parameter]:
        """Parameters of the query whose names say enough."""
        return [each for each in self.parameters if not each.about and each.place == "query"]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"{self.method}-{self.path}".lower().replace("/", "-").replace("{", "").replace("}", "")


@router.get("/api")
def api(request: Request) -> HTMLResponse:
    """Show every route."""
    keys = request.app.state.sessions is not None
    groups = operations(request.app.openapi(), str(request.base_url).rstrip("/"), keys=keys)
    return page(request, "api", HERE, groups=groups, keys=keys)


@router.get("/docs")
def docs() -> RedirectResponse:
    """Lead to the page of the API, where others have theirs."""
    return RedirectResponse("/api", 308)


def operations(document: Mapping[str, Any], base: str, *, keys: bool) -> dict[str, list[Operation]]:
    """Return the routes of an OpenAPI document by their group.

    Args:
        document: As `FastAPI.openapi` makes it.
        base: Address of the service, without a slash at its end.
        keys: Whether it asks for keys.
    """
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            group = next(iter(said.get("tags", [])), "other")
            groups.setdefault(group, []).append(_operation(method.upper(), path, said, base, keys=keys))
    return groups


def _operation(method: str, path: str, said: Mapping[str, Any], base: str, *, keys: bool) -> Operation:
    scope = wanted_scope(method, path) or ""
    summary = str(said.get("description") or said.get("summary", "")).strip().partition("\n\n")[0].replace("\n", " ")
    return Operation(
        method,
        path,
        summary.replace("`", ""),
        scope,
        tuple(_parameters(said)),
        curl(method, path, said, base, keys=keys and bool(scope)),
    )


def _parameters(said: Mapping[str, Any]) -> Iterator[Parameter]:
    for each in said.get("parameters", []):
        about = each.get("description") or each.get("schema", {}).get("description") or ""
        yield Parameter(each["name"], each["in"], bool(each.get("required")), about)


def curl(method: str, path: str, said: Mapping[str, Any], base: str, *, keys: bool) -> str:
    """Return a command that asks a route.

    Args:
        method: Of HTTP.
        path: With its parameters in braces, which become names in capitals.
        said: What the OpenAPI document says of it.
        base: Address of the service.
        keys: Whether it asks for a key.
    """
    words = ["curl", *([] if method == "GET" else [f"-X {method}"])]
    words += ['-H "Authorization: Bearer $KEY"'] if keys else []
    content = said.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        words += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(BODIES.get(path, {}))}'"]
    elif content:
        words.append("--data-binary @image.png")
    words += [f"-o {FILES[path]}"] if path in FILES else []
    return " ".join([*words, base + _in_capitals(path)])


def _in_capitals(path: str) -> str:
    parts = path.split("/")
    return "/".join(part[1:-1].upper() if part.startswith("{") else part for part in parts)

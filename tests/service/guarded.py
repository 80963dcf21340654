"""A small application behind the whole guard."""

from fastapi import APIRouter, FastAPI, Request
from starlette.testclient import TestClient

from synthetyk.service import problems
from synthetyk.service.guard import protect
from synthetyk.service.keys import SCOPES, KeyFile
from synthetyk.service.routes import login
from synthetyk.service.settings import ServiceSettings

HOME = "http://127.0.0.1"


def guarded(**settings):
    """Return the application; its routes say what came through."""
    app, inner = FastAPI(), APIRouter(prefix="/v1/images")

    @inner.get("")
    def images():
        return []

    @inner.post("")
    async def image(request: Request):
        return len(await request.body())

    @inner.delete("/{image}")
    def delete(image: str):
        return image

    @inner.get("/{image}/content")
    def content(image: str):
        raise RuntimeError(f"Doe^John {image}")

    app.include_router(inner)
    app.include_router(login.router)
    app.add_api_route("/runs", lambda: "runs", methods=["GET", "POST"], include_in_schema=False)
    app.add_api_route("/healthz", lambda: "alive")
    problems.install(app)
    protect(app, ServiceSettings(**settings))
    return app


def client_of(app, **options):
    return TestClient(app, base_url=HOME, raise_server_exceptions=False, follow_redirects=False, **options)


def call(**settings):
    """Return a client of a service with these settings."""
    return client_of(guarded(**settings))


def with_keys(folder):
    """Return a file with a key of each scope, and the keys by scope."""
    file, keys = KeyFile(), {}
    for scope in SCOPES:
        file, keys[scope] = file.added(f"a-{scope}", scope)
    file.save(folder / "keys.json")
    return folder / "keys.json", keys

"""Who may ask a service for what: API keys and sessions, this machine alone, and no pages of other sites."""

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from synthetyk.core.errors import ConfigError
from synthetyk.service import keys
from synthetyk.service.csrf import CsrfCookie
from synthetyk.service.headers import SecurityHeaders
from synthetyk.service.keys import ApiKey, KeyRing
from synthetyk.service.limits import Bodies, RateLimit, RateLimiter
from synthetyk.service.logs import RequestLog
from synthetyk.service.middleware import header_of
from synthetyk.service.problems import problem
from synthetyk.service.sessions import Sessions
from synthetyk.service.settings import ServiceSettings

PROBES = ("/healthz", "/readyz", "/ping", "/health", "/version")
LOGIN, LOGOUT = "/login", "/logout"
SAFE = ("GET", "HEAD", "OPTIONS")
HERE = ("localhost", "127.0.0.1", "::1")
HOLDER = "api_key"  # in a request's state: the key that it brings
AT_ONCE = 8  # of the longest bodies, that are held for all requests in flight together
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def protect(app: FastAPI, settings: ServiceSettings) -> None:
    """Put everything in front of an application that every request has to pass; called once all else is in place.

    Raises:
        ConfigError: Without keys it would answer anybody, and nobody has said that it may.
        ArtifactError: The file of keys is missing or is none.
    """
    check_exposure(settings)
    ring = KeyRing(settings.keys) if settings.keys else None
    app.state.sessions = Sessions(ring) if ring else None
    # What is added last stands outermost.
    app.add_middleware(Bodies, limit=settings.max_body, together=AT_ONCE * settings.max_body)
    if ring:
        _describe_keys(app)
        app.add_middleware(KeysOnly)
    if settings.rate:
        app.add_middleware(RateLimit, limiter=RateLimiter(settings.rate), free=is_free)  # who is refused is counted too
    if ring:
        app.add_middleware(KeyHolders, ring=ring, sessions=app.state.sessions)
    app.add_middleware(OwnPagesOnly)
    app.add_middleware(KnownHosts, names=settings.hosts, alone=is_loopback(settings.host) and not ring)
    app.add_middleware(CsrfCookie)
    app.add_middleware(RequestLog)
    app.add_middleware(SecurityHeaders)


def _describe_keys(app: FastAPI) -> None:
    """Have the application's description say which requests need a key, and how it is shown."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {})["securitySchemes"] = SCHEMES
        document["security"] = [{name: []} for name in SCHEMES]
        for path, methods in document["paths"].items():
            for method, route in methods.items():
                if wanted_scope(method.upper(), path) is None:
                    route["security"] = []
        return document

    app.openapi = described  # type: ignore[method-assign]


def check_exposure(settings: ServiceSettings) -> None:
    """See that a service without keys answers this machine alone, unless somebody has said that it may answer anybody.

    Raises:
        ConfigError: It would answer anybody.
    """
    if not (settings.allow_open or settings.keys or is_loopback(settings.host)):
        raise ConfigError(
            f"Without API keys the service would answer anybody who reaches {settings.host or 'this machine'}",
            expected="API keys, or an address that only this machine reaches, such as 127.0.0.1",
            action="Make a key (synthetyk keys add NAME --scope write) and say --keys keys.json, or say --allow-open",
        )


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_free(path: str) -> bool:
    """Tell whether a path is there for anybody, any number of times: probes, and the pages' styles and scripts."""
    return path in PROBES or path.startswith("/static/")


def wanted_scope(method: str, path: str) -> keys.Scope | None:
    """Return the scope that a request needs; None: it needs no key.

    Forms can say no DELETE: a page's path ends in ``/delete`` instead. Runs are started below ``/runs``.
    """
    if is_free(path) or path in (LOGIN, LOGOUT):
        return None
    if method in SAFE:
        return "read"
    starts = path == "/runs" or path.startswith("/runs/")
    return "admin" if method == "DELETE" or path.endswith("/delete") or starts else "write"


class KeyHolders:
    """Middleware that learns whose key a request brings, where it needs one; it refuses nobody.

    Args:
        app: What answers.
        ring: The keys.
        sessions: Browsers that have shown one.
    """

    def __init__(self, app: ASGIApp, ring: KeyRing, sessions: Sessions) -> None:
        self._app, self._ring, self._sessions = app, ring, sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and wanted_scope(scope["method"], scope["path"]):
            shown = _shown_key(scope)
            found = self._sessions.of(scope) if shown is None else self._ring.find(shown)
            state = scope.setdefault("state", {})
            state[HOLDER] = found
            if found:
                state["key"] = found.name
        await self._app(scope, receive, send)


class KeysOnly:
    """Middleware that refuses who shows no key, or one that does not open what is asked for; `KeyHolders` knows whose.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        wanted = wanted_scope(scope["method"], scope["path"]) if scope["type"] == "http" else None
        found: ApiKey | None = scope.get("state", {}).get(HOLDER)
        if wanted is None or (found and found.opens(wanted)):
            await self._app(scope, receive, send)
        elif found is None and _shown_key(scope) is None and _is_person(scope):
            await RedirectResponse(_login(scope), 303)(scope, receive, send)
        else:
            await _refusal(scope, found, wanted)(scope, receive, send)


def _shown_key(scope: Scope) -> str | None:
    """Return the key that a request's headers bring, None if they bring none."""
    kind, _, key = (header_of(scope, b"authorization") or b"").partition(b" ")
    shown = key if kind.lower() == b"bearer" else header_of(scope, b"x-api-key")
    return None if shown is None else shown.decode("latin-1").strip()


def _refusal(scope: Scope, found: ApiKey | None, wanted: keys.Scope) -> ASGIApp:
    if found:
        words, more = f"The key opens {found.scope} only", f"a key of scope {wanted}"
        return problem(403, words, expected=more, action="Ask whoever runs the service for one", scope=scope)
    return problem(
        401,
        "The request brings no key that the service knows",
        expected="the header Authorization: Bearer KEY",
        action="Make a key: synthetyk keys add NAME --scope write",
        headers={"WWW-Authenticate": 'Bearer realm="synthetyk"'},
        scope=scope,
    )


def _is_person(scope: Scope) -> bool:
    """Tell whether a person waits for the answer, who reads pages."""
    accept = header_of(scope, b"accept") or b""
    return b"text/html" in accept and not scope["path"].startswith("/v1/")


def _login(scope: Scope) -> str:
    """Return where to sign in; from there it goes on to what was asked for, as far as that can be asked for again."""
    query = scope.get("query_string", b"").decode("latin-1")
    here = scope["path"] + (f"?{query}" if query else "")
    return f"{LOGIN}?next={quote(here if scope['method'] == 'GET' else '/', safe='')}"


class KnownHosts:
    """Middleware that refuses requests for a name which is not ours.

    A page of another site can have that site's name lead to this machine (DNS rebinding), and so read what only this
    machine may: its requests still bear that name.

    Args:
        app: What answers.
        names: What the service is called; empty: what this machine calls itself if it is alone, else anything.
        alone: Only this machine may ask. Then a connection that came in by another address is refused too, however the
            server was started.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], alone: bool) -> None:
        self._app, self._alone = app, alone
        self._names = frozenset(name.lower() for name in names) or (frozenset(HERE) if alone else frozenset())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http" or (self._named(scope) and self._near(scope)):
            await self._app(scope, receive, send)
            return
        refused = problem(
            421,
            "The request is for another name or address than this service's",
            expected=f"one of {', '.join(sorted(self._names))}" if self._names else "",
            action="Serve with API keys (--keys keys.json), or name what it may be called (--hosts NAME)",
            scope=scope,
        )
        await refused(scope, receive, send)

    def _named(self, scope: Scope) -> bool:
        said = header_of(scope, b"host")
        return said is None or not self._names or _host_of(said.decode("latin-1")) in self._names

    def _near(self, scope: Scope) -> bool:
        here = scope.get("server")
        return not self._alone or here is None or here[1] is None or is_loopback(str(here[0]))


def _host_of(said: str) -> str:
    try:
        return urlsplit(f"//{said}").hostname or ""
    except ValueError:
        return ""


class OwnPagesOnly:
    """Middleware that refuses what pages of other sites have a browser send, such as an image into the store.

    Browsers say where a request comes from in headers that no page can set; what is no browser says nothing and passes.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http" or scope["method"] in SAFE or _from_here(dict(scope["headers"])):
            await self._app(scope, receive, send)
            return
        refused = problem(
            403,
            "A page of another site has sent this request",
            expected="one of this service's pages, or no browser",
            scope=scope,
        )
        await refused(scope, receive, send)


def _from_here(headers: dict[bytes, bytes]) -> bool:
    if site := headers.get(b"sec-fetch-site"):
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")

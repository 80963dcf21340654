"""Forms that only our own pages can send: each brings a token that its sender also holds as a cookie.

Another site's page can have a browser send a form here, but can neither read nor set the cookie, and browsers do not
send it along either (``SameSite=Strict``). A route of the pages with a form:

    @router.post("/form", dependencies=[Protected])

and its template: ``<input type="hidden" name="csrf_token" value="{{ csrf_token }}">`` with what `token` returns.
"""

import hmac
import re
import secrets

from fastapi import Depends, HTTPException, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.middleware import add_headers, with_head

COOKIE = "synthetyk_csrf"
FIELD = "csrf_token"  # of a form
HEADER = "X-CSRF-Token"  # of a script's request
TOKEN = re.compile(r"[\w-]{43}", re.ASCII)
STATE = "csrf_new"


def token(request: Request) -> str:
    """Return the token of the forms on the page that answers a request; the cookie is set with the answer."""
    state = request.scope.setdefault("state", {})
    known = state.get(STATE) or request.cookies.get(COOKIE, "")
    if not TOKEN.fullmatch(known):
        known = state[STATE] = secrets.token_urlsafe(32)
    return str(known)


async def check(request: Request) -> None:
    """See that a form, or a script's request, comes from a page of ours.

    Raises:
        HTTPException: It does not: 403.
    """
    see(request, request.headers.get(HEADER) or (await request.form()).get(FIELD))


def see(request: Request, brought: object) -> None:
    """See that the token that a request has brought is the one of its cookie; raises as `check` does."""
    held = request.cookies.get(COOKIE, "")
    same = isinstance(brought, str) and hmac.compare_digest(brought.encode(), held.encode())
    if not (same and TOKEN.fullmatch(held)):
        raise HTTPException(403, "The form is not one that this browser was given. Load the page again")


Protected = Depends(check)


class CsrfCookie:
    """Middleware that sets the cookie where a page has asked for its first token.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        def set_cookie(head: Message) -> None:
            if STATE in state:
                secure = "; Secure" if scope.get("scheme") == "https" else ""
                cookie = f"{COOKIE}={state[STATE]}; Path=/; HttpOnly; SameSite=Strict{secure}"
                add_headers(head, [(b"set-cookie", cookie.encode())])

        await self._app(scope, receive, with_head(send, set_cookie))

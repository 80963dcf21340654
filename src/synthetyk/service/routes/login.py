"""Where people show their key in a browser, and where they leave again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from synthetyk.service import csrf
from synthetyk.service.guard import LOGIN, LOGOUT
from synthetyk.service.pages.page import page
from synthetyk.service.sessions import COOKIE, LIFE, Sessions

router = APIRouter(include_in_schema=False)


@router.get(LOGIN)
def form(request: Request, next: str = "/") -> Response:
    """Show the form; without keys there is nothing to sign in to."""
    sessions = _sessions_of(request)
    return _page(request, next) if sessions else RedirectResponse(_inside(next), 303)


@router.post(LOGIN, dependencies=[csrf.Protected])
def begin(request: Request, key: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
    """Begin a session."""
    sessions = _sessions_of(request)
    cookie = sessions.begin(key.strip()) if sessions else None
    if cookie is None:
        return _page(request, next, "This key opens nothing. It may have been revoked", 401)
    answer = RedirectResponse(_inside(next), 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, cookie, max_age=LIFE, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post(LOGOUT, dependencies=[csrf.Protected])
def end() -> Response:
    """End a session."""
    answer = RedirectResponse(LOGIN, 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _page(request: Request, target: str, complaint: str = "", status: int = 200) -> Response:
    return page(request, "login", "", status=status, complaint=complaint, target=_inside(target), places=())


def _sessions_of(request: Request) -> Sessions | None:
    found: Sessions | None = request.app.state.sessions
    return found


def _inside(target: str) -> str:
    """Return a path of this service: nobody is led elsewhere by a link that somebody made up."""
    safe = target.startswith("/") and target[1:2] not in ("/", "\\") and target.isprintable()
    return target if safe else "/"

"""People who have shown their key in a browser: for a working day a signed cookie stands for it.

The cookie holds the key's name, when it ends, and a MAC of both and of the key's hash: a key that is revoked ends its
sessions with it. The secret of the MAC lies in no file; file of keys and cookie together open nothing without it.
"""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable

from starlette.requests import cookie_parser
from starlette.types import Scope

from synthetyk.service.keys import ApiKey, KeyRing

COOKIE = "synthetyk_session"
LIFE = 8 * 3600  # seconds
SECRET = "SYNTHETYK_SESSION_SECRET"
LONGEST_COOKIE = 256  # characters


def share_secret() -> None:
    """Have all processes that this one starts know the sessions that any of them began; kept if it is set."""
    os.environ.setdefault(SECRET, secrets.token_hex(32))


class Sessions:
    """Begins sessions and knows them again.

    Args:
        ring: The keys that sessions stand for.
        secret: What their cookies are signed with; default: what `share_secret` set, else one of this process.
        clock: Seconds since 1970.
    """

    def __init__(self, ring: KeyRing, secret: bytes = b"", *, clock: Callable[[], float] = time.time) -> None:
        self._ring, self._clock = ring, clock
        self._secret = secret or os.environ.get(SECRET, "").encode() or secrets.token_bytes(32)

    def begin(self, key: str) -> str | None:
        """Return the cookie of a session, None if the key opens nothing."""
        found = self._ring.find(key)
        return None if found is None else self._cookie(found, int(self._clock()) + LIFE)

    def find(self, cookie: str) -> ApiKey | None:
        """Return the key that a cookie stands for, None if it does for none, or no longer."""
        name, _, rest = cookie.partition(":")
        ends, _, _ = rest.partition(":")
        if len(cookie) > LONGEST_COOKIE or not (ends.isascii() and ends.isdigit()) or int(ends) <= self._clock():
            return None
        found = self._ring.named(name)
        if found is None or not hmac.compare_digest(self._cookie(found, int(ends)).encode(), cookie.encode()):
            return None
        return found

    def of(self, scope: Scope) -> ApiKey | None:
        """Return the key that a request's cookie stands for."""
        sent = (value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
        cookies = [found for each in sent if (found := cookie_parser(each).get(COOKIE))]
        return self.find(cookies[0]) if cookies else None

    def _cookie(self, key: ApiKey, ends: int) -> str:
        said = f"{key.name}:{ends}"
        mac = hmac.new(self._secret, f"{said}:{key.sha256}".encode(), hashlib.sha256).hexdigest()
        return f"{said}:{mac}"


def person_of(scope: Scope) -> str:
    """Return the name of the key that a request came with, empty if it came without."""
    return str(scope.get("state", {}).get("key", ""))

"""What a service tells browsers to refuse, whatever a page of it may have been made to say."""

from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.middleware import add_headers, with_head

ON_DEVICE = "/on-device"  # pages below it run models by WebAssembly
CACHED = "/static/"  # the only files that a browser may keep
CONTENT = (
    "default-src 'none'; script-src 'self'{}; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("microphone", "midi", "payment", "publickey-credentials-get", "screen-wake-lock", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with that, browsers also say nothing of where a form was sent from.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
    # Both: memory that threads share, which ONNX Runtime Web wants, is there only for pages that are alone.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Pairs = tuple[tuple[bytes, bytes], ...]


def _pairs(headers: dict[str, str]) -> Pairs:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


EVERYWHERE = _pairs(HEADERS)
PLAIN = _pairs({"Content-Security-Policy": CONTENT.format("")})
WITH_WASM = _pairs({"Content-Security-Policy": CONTENT.format(" 'wasm-unsafe-eval'")})
NOT_KEPT = _pairs({"Cache-Control": "no-store"})
ALWAYS_TLS = _pairs({"Strict-Transport-Security": "max-age=31536000"})


def headers_for(scope: Scope) -> Pairs:
    """Return the headers that the answer to a request has, as far as it does not bring them itself."""
    path = scope["path"]
    on_device = path == ON_DEVICE or path.startswith(f"{ON_DEVICE}/")
    return _chosen(on_device, path.startswith(CACHED), scope.get("scheme") == "https")


@cache
def _chosen(on_device: bool, kept: bool, tls: bool) -> Pairs:
    return (
        *EVERYWHERE,
        *(WITH_WASM if on_device else PLAIN),
        *(() if kept else NOT_KEPT),
        *(ALWAYS_TLS if tls else ()),
    )


class SecurityHeaders:
    """Middleware that adds them to every answer; a route that brings one of them keeps its own.

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

        def add(head: Message) -> None:
            own = {name for name, _ in head.get("headers", ())}
            add_headers(head, [pair for pair in headers_for(scope) if pair[0] not in own])

        await self._app(scope, receive, with_head(send, add))

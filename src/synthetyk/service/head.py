"""``HEAD`` for whatever answers ``GET``, which FastAPI's routes refuse."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Heads:
    """Middleware that has a request for the head alone answered as one for the whole, and leaves the body out.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET"}
        try:
            await self._app(asked, receive, without_body)
        finally:
            scope.update(asked | {"method": "HEAD"})  # the middlewares outside count requests by the route it found

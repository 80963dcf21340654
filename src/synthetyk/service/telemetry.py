"""What a service counts of itself, as Prometheus reads it; nothing is registered globally."""

import os
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from synthetyk.service.middleware import route_of, with_head

# The folder in which worker processes share their numbers; prometheus-client looks for it when it is imported.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Telemetry:
    """Counts requests and images; other parts of the service add numbers of theirs to `registry`.

    Attributes:
        registry: Of this process; where several processes serve, all of their numbers are told by any of them.
        requests: Requests, by method, route and status.
        seconds: How long they took, by route.
        in_flight: How many are being answered now.
        images: Images stored that were new, by origin.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "synthetyk_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "synthetyk_request_seconds", "How long answers took.", ["route"], buckets=SECONDS, registry=self.registry
        )
        self.in_flight = Gauge(
            "synthetyk_requests_in_flight",
            "Requests being answered now.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.images = Counter("synthetyk_images_stored", "New images stored.", ["origin"], registry=self.registry)

    def told(self) -> bytes:
        """Return every number in Prometheus's text format, those of all worker processes added up."""
        if FOLDER not in os.environ:
            return generate_latest(self.registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


class Measured:
    """Middleware that counts requests.

    Args:
        app: What answers.
        telemetry: Where they are counted.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app, self._telemetry = app, telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        def note(head: Message) -> None:
            nonlocal status
            status = head["status"]

        self._telemetry.in_flight.inc()
        try:
            await self._app(scope, receive, with_head(send, note))
        finally:
            self._telemetry.in_flight.dec()
            route = route_of(scope) or "none"  # never the path itself, which has ids in it
            self._telemetry.requests.labels(scope["method"], route, str(status)).inc()
            self._telemetry.seconds.labels(route).observe(time.perf_counter() - began)

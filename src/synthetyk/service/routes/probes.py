"""What whoever runs a service asks it: is it alive, is it ready, what has it counted."""

import anyio
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from synthetyk.core.errors import StoreUnavailableError
from synthetyk.service.context import TheService
from synthetyk.service.problems import problem

PATIENCE = 3.0  # seconds for the store to say that it is ready
router = APIRouter(tags=["probes"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "alive"}


@router.get("/readyz")
async def readyz(service: TheService) -> Response:
    """Say whether requests should be sent here: not while it is stopping, nor while its store takes no images."""
    if service.lifecycle.draining:
        return problem(503, "The service is stopping")
    with anyio.move_on_after(PATIENCE) as waited:
        await service.threads.probes.run(service.store.check)
    if waited.cancelled_caught:
        raise StoreUnavailableError("The store does not answer in time")
    return Response('{"status":"ready"}', media_type="application/json")


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
async def metrics(service: TheService) -> Response:
    """Return what was counted, in Prometheus's text format."""
    return Response(service.telemetry.told(), media_type=CONTENT_TYPE_LATEST)

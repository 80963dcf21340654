"""The place of the page on this device where there is none: `service.on_device` answers it once a model is served."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from synthetyk.service.pages.page import PageRoute, page

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/on-device/")
@router.get("/on-device")
def device(request: Request) -> HTMLResponse:
    """Say what is missing."""
    return page(request, "device", "device")

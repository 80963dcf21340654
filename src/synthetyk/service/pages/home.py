"""The first page: where everything is."""

from fastapi import Request
from fastapi.responses import HTMLResponse

from synthetyk.service.context import service_of
from synthetyk.service.pages.page import page, page_router

router = page_router()


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Show what can be done here, and with which models."""
    return page(request, "home", "", served=list(service_of(request).models))

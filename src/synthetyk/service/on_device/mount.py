"""The page on this device, answered by the service below ``/on-device/``."""

from collections.abc import Mapping, Sequence
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Response
from fastapi.responses import FileResponse, RedirectResponse

from synthetyk.service.models import ServedModels
from synthetyk.service.on_device.site import PAGE, Site, site_of
from synthetyk.service.on_device.web_runtime import find_runtime

PREFIX = "/on-device"
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".onnx": "application/octet-stream"}
REVALIDATE = {"Cache-Control": "no-cache"}  # browsers ask whether a file changed, and fetch it only if it did


def mount(app: FastAPI, models: ServedModels, places: Sequence[Mapping[str, object]] = ()) -> None:
    """Have a service answer the page, with all of its models; without models there is none.

    Args:
        app: The service.
        models: What it predicts and generates with.
        places: Its other pages, see `site_of`.
    """
    if len(models):
        packages = [(each.name, each.package) for each in models]
        app.include_router(router_of(site_of(packages, find_runtime(), home="/", places=places)))


def router_of(site: Site) -> APIRouter:
    """Return routes that answer the files of a page. A path is only ever looked up in it, so it leads nowhere else."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)

    @router.get("")
    async def folder() -> Response:
        """Lead to the page's folder, which its relative addresses start from."""
        return RedirectResponse(f"{PREFIX}/", status_code=308)

    @router.get("/{path:path}")
    async def file(path: str) -> Response:
        """Return a file of the page."""
        content = site.get(path or PAGE)
        if content is None:
            raise HTTPException(404, f"The page has no file {path!r}")
        media_type = _type_of(path or PAGE)
        if isinstance(content, Path):
            return FileResponse(content, media_type=media_type, headers=REVALIDATE)
        return Response(content, media_type=media_type, headers=REVALIDATE)

    return router


def _type_of(path: str) -> str:
    return TYPES.get(Path(path).suffix) or guess_type(path)[0] or "application/octet-stream"

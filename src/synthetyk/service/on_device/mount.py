"""The page on this device, answered by the service below ``/on-device/``."""

import hashlib
from mimetypes import guess_type
from pathlib import Path

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from synthetyk.core.artifacts import sha256_file
from synthetyk.service.models import ServedModels
from synthetyk.service.on_device.site import PAGE, Site, site_of
from synthetyk.service.on_device.web_runtime import find_runtime
from synthetyk.service.pages.page import PLACES, page_router

PREFIX = "/on-device"
TYPES = {".js": "text/javascript", ".wasm": "application/wasm", ".onnx": "application/octet-stream"}


def mount(app: FastAPI, models: ServedModels) -> None:
    """Have a service answer the page, with all of its models."""
    packages = [(each.name, each.package) for each in models]
    app.include_router(router_of(site_of(packages, find_runtime(), home="/", places=PLACES)))


def router_of(site: Site) -> APIRouter:
    """Return routes that answer the files of a page. A path is only ever looked up in it, so it leads nowhere else."""
    router = page_router(PREFIX)

    @router.get("")
    def folder() -> Response:
        """Lead to the page's folder, which its relative addresses start from."""
        return RedirectResponse(f"{PREFIX}/", status_code=308)

    @router.get("/{path:path}")
    def file(request: Request, path: str) -> Response:
        """Return a file of the page, unless the browser has it already."""
        name = path or PAGE
        if name not in site:
            raise HTTPException(404, "The page has no such file")
        content = site[name]
        headers = {"ETag": _tag_of(content), "Cache-Control": "no-cache"}  # browsers ask whether it changed
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(status_code=304, headers=headers)
        if isinstance(content, Path):
            return FileResponse(content, media_type=_type_of(name), headers=headers)
        return Response(content, media_type=_type_of(name), headers=headers)

    return router


def _tag_of(content: bytes | Path) -> str:
    return f'"{sha256_file(content) if isinstance(content, Path) else hashlib.sha256(content).hexdigest()}"'


def _type_of(name: str) -> str:
    return TYPES.get(Path(name).suffix) or guess_type(name)[0] or "application/octet-stream"

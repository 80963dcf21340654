"""Images that a page's form brings."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile

from synthetyk.core.errors import RequestError
from synthetyk.service import csrf
from synthetyk.service.intake import read_form

MOST = 200  # files of one form


@dataclass(frozen=True)
class Upload:
    """What a form has brought.

    Attributes:
        files: Name and bytes of each, at least one.
        values: Its other fields.
    """

    files: tuple[tuple[str, bytes], ...]
    values: Mapping[str, str]


async def uploaded(request: Request, *, most: int = 1) -> Upload:
    """Return what a form of ours has brought.

    Args:
        request: Brings it; its token is checked here.
        most: Files at most.

    Raises:
        RequestError: It is no form, brings no file, or more than that.
        HTTPException: It is none of ours.
    """
    form = await read_form(request, files=most)
    values = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    csrf.see(request, request.headers.get(csrf.HEADER) or values.get(csrf.FIELD))
    given = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    files = [(file.filename or "", await file.read()) for file in given]
    kept = tuple((name, data) for name, data in files if data)
    if not kept:
        raise RequestError("No image was chosen", expected="PNG, JPEG, TIFF, BMP or DICOM files")
    return Upload(kept, values)

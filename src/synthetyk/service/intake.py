"""How images come in: told by their content, held against the limits, decoded once, and stored before anything else."""

from typing import Any

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from synthetyk.core.errors import ImageNotFoundError, RequestError
from synthetyk.data.decode import kind_of
from synthetyk.data.dicom import shared_reader
from synthetyk.runtime.preprocess import decoded
from synthetyk.service.context import Service
from synthetyk.store.record import ImageRecord, NewImage, Origin, image_id
from synthetyk.store.store import ImageStore

HEAD = 132  # bytes that tell what a file is
MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "TIFF": "image/tiff",
    "BMP": "image/bmp",
    "DICOM": "application/dicom",
}
LONGEST_LABEL = 200  # characters
FIELDS = 4  # of a form, besides its file
FIELD = 4096  # bytes of one of them
# For ``openapi_extra``: what a route takes that reads its image with `read_body`.
IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "PNG, JPEG, TIFF, BMP or DICOM. The content says which; the header Content-Type does not count.",
        "content": {
            **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "label": {"type": "string", "maxLength": LONGEST_LABEL},
                    },
                }
            },
        },
    }
}


async def receive(
    service: Service, data: bytes, *, label: str = "", origin: Origin = "real"
) -> tuple[ImageRecord, bool]:
    """Store an image; once this returns, it outlives a loss of power.

    Args:
        service: Has the store and the limits.
        data: The whole file.
        label: Its class, as far as it is known.
        origin: Whether somebody took it or a generator drew it.

    Returns:
        Its record, and whether it was new.

    Raises:
        DecodeError: It is none that can be decoded; `kind` says why.
        ImageTooLargeError: Its header says more pixels than are allowed.
        RequestError: The label is too long.
        OverloadedError: Too many are waiting.
        StoreUnavailableError: The store cannot take it.
    """
    _check_label(label)
    lane = service.threads.dicom if kind_of(data[:HEAD]) == "DICOM" else service.threads.images
    limit = service.settings.max_pixels
    record, new = await lane.run(keep, service.store, data, label=label, origin=origin, max_pixels=limit)
    if new:
        service.telemetry.images.labels(origin).inc()
    return record, new


def keep(
    store: ImageStore, data: bytes, *, label: str = "", origin: Origin = "real", max_pixels: int
) -> tuple[ImageRecord, bool]:
    """Do what `receive` does, in the thread that calls; an image that is there is not decoded again."""
    try:
        about, new = store.record(image_id(data)).about, False
    except ImageNotFoundError:
        about, new = examine(data, max_pixels=max_pixels).replace(label=label, origin=origin), True
    return store.put(data, about), new


def examine(data: bytes, *, max_pixels: int) -> NewImage:
    """Decode an image and return what is known of it.

    Of a DICOM file with several frames, or a TIFF with several pages, the first is decoded: the one that models see.

    Raises:
        DecodeError: It cannot be decoded.
    """
    raw = decoded(data, max_pixels=max_pixels)
    height, width, channels = raw.pixels.shape
    kind = str(kind_of(data[:HEAD]))  # it has been decoded
    details: dict[str, Any] = {"bits": raw.bit_depth, "mode": raw.mode}
    if kind == "DICOM":
        details["frames"] = shared_reader().load(data, max_pixels=max_pixels).frames
    return NewImage(media_type=MEDIA_TYPES[kind], width=width, height=height, channels=channels, details=details)


async def read_body(request: Request) -> tuple[bytes, str]:
    """Return the image that a request brings, and the label that it says.

    The image is the body, or the one file of a form, whose part is called ``file``. The label stands in the query, or
    in the form's part ``label``.

    Raises:
        RequestError: There is no image, or the form is none.
    """
    label = request.query_params.get("label", "")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "multipart/form-data":
        data, said = await _read_form(request)
        label = label or said
    else:
        data = await request.body()
    if not data:
        raise RequestError("The request brings no image", expected="its bytes as the body, or a form's part 'file'")
    _check_label(label)
    return data, label


class _InMemory(MultiPartParser):
    """Reads forms without leaving images in temporary files; the limit of a body's length holds for them too."""

    spool_max_size = 0  # for SpooledTemporaryFile: never on disk


async def read_form(request: Request, *, files: int = 1) -> FormData:
    """Return a form, whose files are in memory only.

    Args:
        request: Brings it.
        files: How many there may be.

    Raises:
        RequestError: It is none, or there are more.
    """
    try:
        return await _InMemory(
            request.headers, request.stream(), max_files=files, max_fields=FIELDS, max_part_size=FIELD
        ).parse()
    except (MultiPartException, KeyError) as error:  # KeyError: it names no boundary
        raise RequestError(
            "The form cannot be read", expected="multipart/form-data with one part 'file', and 'label' if it is known"
        ) from error


async def _read_form(request: Request) -> tuple[bytes, str]:
    form = await read_form(request)
    file, label = form.get("file"), form.get("label", "")
    data = await file.read() if isinstance(file, UploadFile) else b""
    return data, label if isinstance(label, str) else ""


def _check_label(label: str) -> None:
    if len(label) > LONGEST_LABEL:
        raise RequestError(f"The label has {len(label)} characters", expected=f"at most {LONGEST_LABEL}")

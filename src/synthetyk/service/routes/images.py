"""``/v1/images``: images are stored, listed, shown and deleted."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.service.context import TheService
from synthetyk.service.intake import IMAGE_BODY, LONGEST_LABEL, read_body, receive
from synthetyk.service.prediction import lane_of
from synthetyk.service.preview import preview
from synthetyk.store.record import ImageRecord, Origin, Wanted
from synthetyk.store.store import CURSOR, LONGEST_PAGE

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/tiff": "tif", "image/bmp": "bmp", "application/dicom": "dcm"}
SHOWN = ("image/png", "image/jpeg", "image/bmp")  # by every browser; all others are for saving
LATEST = 2**53  # milliseconds
LARGEST_PREVIEW = 2048

router = APIRouter(prefix="/v1/images", tags=["images"])
Time = Annotated[int | None, Field(ge=-LATEST, le=LATEST)]
Label = Annotated[str, Query(max_length=LONGEST_LABEL, description="Its class, as far as it is known.")]


class Listing(Config):
    """Which images a list is to hold, and which part of it; what is not said does not matter.

    Attributes:
        origin: Real or synthetic.
        label: Class.
        model: SHA-256 of the model that drew them.
        before: Stored earlier than this, milliseconds since 1970 in UTC.
        since: Stored then or later.
        limit: Images at most.
        after: What the part before ended with.
    """

    origin: Origin | None = None
    label: str | None = Field(default=None, max_length=LONGEST_LABEL)
    model: str | None = Field(default=None, max_length=64)
    before: Time = None
    since: Time = None
    limit: int = Field(default=100, ge=1, le=LONGEST_PAGE)
    after: str | None = Field(default=None, pattern=f"^{CURSOR}$")


class ImagePage(Config):
    """A part of the list of images.

    Attributes:
        images: The latest first.
        after: What to ask the next part with; None if this is the last.
    """

    images: list[ImageRecord]
    after: str | None


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses={200: {"model": ImageRecord, "description": "It was there before"}},
    openapi_extra=IMAGE_BODY,
)
async def store_image(service: TheService, request: Request, response: Response, label: Label = "") -> ImageRecord:
    """Store an image; the answer comes when it outlives a loss of power. The same bytes twice are one image."""
    data, label = await read_body(request)
    record, new = await receive(service, data, label=label)
    response.headers["Location"] = f"/v1/images/{record.id}"
    if not new:
        response.status_code = status.HTTP_200_OK
    return record


@router.get("")
async def list_images(service: TheService, asked: Annotated[Listing, Query()]) -> ImagePage:
    """Return a part of the list of images, the latest first."""
    wanted = Wanted(**asked.model_dump(include=set(Wanted.model_fields)))
    page = await service.threads.store.run(service.store.page, wanted, limit=asked.limit, after=asked.after)
    return ImagePage(images=list(page.records), after=page.after)


@router.get("/{image}")
async def image_record(service: TheService, image: str) -> ImageRecord:
    """Return what is known of an image."""
    return await service.threads.store.run(service.store.record, image)


@router.get(
    "/{image}/content",
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in ENDINGS}}},
)
async def image_content(service: TheService, image: str) -> Response:
    """Return the bytes of an image, exactly as they were stored."""
    record = await service.threads.store.run(service.store.record, image)
    data = await service.threads.store.run(service.store.read, image)
    how = "inline" if record.media_type in SHOWN else "attachment"
    name = f"{record.id[:16]}.{ENDINGS.get(record.media_type, 'bin')}"
    headers = {"Content-Disposition": f'{how}; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(data, headers=headers, media_type=record.media_type)


@router.get("/{image}/preview", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def image_preview(
    service: TheService,
    image: str,
    size: Annotated[int, Query(ge=16, le=LARGEST_PREVIEW, description="Pixels of the longer side at most.")] = 512,
    frame: Annotated[int, Query(ge=0, le=10_000, description="Which one, of a DICOM file with several.")] = 0,
) -> Response:
    """Return an image as a PNG that every browser shows, whatever it was stored as."""
    data = await service.threads.store.run(service.store.read, image)
    record = await service.threads.store.run(service.store.record, image)
    limit = service.settings.max_pixels
    shown = await lane_of(service, [record]).run(preview, data, size=size, frame=frame, max_pixels=limit)
    return Response(shown, headers={"X-Content-Type-Options": "nosniff"}, media_type="image/png")


@router.delete("/{image}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_image(service: TheService, image: str) -> None:
    """Forget an image and what was said of it."""
    await service.threads.store.run(service.store.delete, image)

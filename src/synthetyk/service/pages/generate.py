"""The page that has images drawn."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field, field_validator

from synthetyk.core.errors import RequestError
from synthetyk.service.context import TheService
from synthetyk.service.csrf import Protected
from synthetyk.service.drawing import DrawingRequest
from synthetyk.service.forms import MEDIA_TYPES, encoded
from synthetyk.service.generation import Made, make
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.pages.form import FormValues
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.png import data_uri, png_of

HERE = "generate"
MOST = 100  # images on a page
SHOWN = 24 * 2**20  # bytes of the pixels on it
ALL = "*"  # all classes in turn

router = page_router("/generate")


class Asked(FormValues):
    """What the form says.

    Attributes:
        model: Name or hash; empty: the first that has a generator.
        label: Class; ``*``: all of them in turn.
        count: Images.
        seed: Of all images; None: that of the package.
        truncation: Scale of the noise.
        format: How the answer comes: as a page, or as a file to keep.
        store: Whether they are kept in the library.
    """

    model: str = Field(default="", max_length=200)
    label: str = Field(default=ALL, max_length=200)
    count: int = Field(default=12, ge=1, le=MOST)
    seed: int | None = Field(default=None, ge=0, le=2**53)
    truncation: float = Field(default=1.0, ge=0, le=2)
    format: Literal["page", "zip"] = "page"
    store: bool = False

    @field_validator("seed", mode="before")
    @classmethod
    def _empty(cls, seed: object) -> object:
        return None if seed == "" else seed

    @property
    def request(self) -> DrawingRequest:
        """The same as the API takes it."""
        said = self.model_dump(include={"model", "count", "seed", "truncation", "store"})
        whole = {"balanced": True} if self.label == ALL else {"label": self.label}
        return DrawingRequest.parse(said | whole, where="The form")


@dataclass(frozen=True)
class Tile:
    """An image on the page.

    Attributes:
        label: Its class; empty for a generator without classes.
        number: Within its class.
        source: A data URI.
        stored: Its id, empty if it is not kept.
    """

    label: str
    number: int
    source: str
    stored: str


@router.get("")
def form(service: TheService, request: Request) -> HTMLResponse:
    """Show the form."""
    return _page(request, service.models, Asked())


@router.post("", dependencies=[Protected])
async def generate(service: TheService, request: Request, asked: Annotated[Asked, Form()]) -> Response:
    """Have images drawn, and show them or hand them out."""
    made = await make(service, asked.request, request.is_disconnected)
    if made.images.nbytes > SHOWN and asked.format == "page":
        raise RequestError("These images are too large for one page", expected="fewer", action="Choose a smaller count")
    if asked.format == "zip":
        return await _zip(service, made)
    tiles = await service.threads.images.run(_tiles, made)
    return _page(request, service.models, asked, made=made, tiles=tiles)


async def _zip(service: TheService, made: Made) -> Response:
    body = await service.threads.images.run(encoded, made, "zip")
    name = f"synthetic-{made.model[:8]}-{made.drawing.seed}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, headers=headers, media_type=MEDIA_TYPES["zip"])


def _tiles(made: Made) -> list[Tile]:
    return [
        Tile(
            row["class"],
            row["index"],
            data_uri(png_of(image)),
            row.get("id", ""),
        )
        for row, image in zip(made.each, made.images, strict=True)
    ]


def _page(
    request: Request, models: ServedModels, asked: Asked, *, made: Made | None = None, tiles: list[Tile] | None = None
) -> HTMLResponse:
    served = generators(models)
    return page(
        request,
        "generate",
        HERE,
        served=served,
        classes=classes_of(served),
        asked=asked,
        made=made,
        tiles=tiles,
        model=models.find(made.model) if made else None,
        most=MOST,
    )


def generators(models: ServedModels) -> list[ServedModel]:
    """Return the models that draw images."""
    return [model for model in models if model.generator]


def classes_of(models: list[ServedModel]) -> list[str]:
    """Return the classes that any of some models draws, each once."""
    return list(
        dict.fromkeys(name for model in models if model.generator for name in model.generator.about.class_names)
    )

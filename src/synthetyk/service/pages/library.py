"""The pages of what is stored: the list, an image with what was said of it, adding and deleting."""

import contextlib
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import Field

from synthetyk.core.errors import DecodeError, ImageNotFoundError, SynthetykError
from synthetyk.service.context import TheService
from synthetyk.service.csrf import Protected
from synthetyk.service.intake import receive
from synthetyk.service.models import ServedModels
from synthetyk.service.pages.classify import classifiers, model_of
from synthetyk.service.pages.form import FormValues
from synthetyk.service.pages.generate import classes_of
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.pages.times import start_of
from synthetyk.service.pages.upload import MOST, uploaded
from synthetyk.service.prediction import predict
from synthetyk.store.record import Origin, Wanted
from synthetyk.store.store import CURSOR

HERE = "library"
ON_A_PAGE = 48
REFUSED = 5  # files that are named

router = page_router("/library")


class Filters(FormValues):
    """Which images the list shows, as the address says it; what is empty does not matter.

    Attributes:
        origin: Real or synthetic.
        label: Class.
        model: Hash of the model that drew them.
        since: First day.
        until: Last day.
        after: What the page before ended with.
        added: Images that a form has just added.
        known: Those of its images that were stored before.
    """

    origin: Annotated[str, Field(pattern="^(real|synthetic)?$")] = ""
    label: str = Field(default="", max_length=200)
    model: str = Field(default="", max_length=64)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    after: str = Field(default="", pattern=f"^({CURSOR})?$")
    added: int | None = Field(default=None, ge=0, le=MOST)
    known: int = Field(default=0, ge=0, le=MOST)

    @property
    def wanted(self) -> Wanted:
        """The same as a store takes it."""
        origin: dict[str, Origin] = {"real": "real", "synthetic": "synthetic"}
        return Wanted(
            origin=origin.get(self.origin),
            label=self.label or None,
            model=self.model or None,
            since=start_of(self.since),
            before=start_of(self.until, days=1),
        )

    def next(self, after: str) -> str:
        """Return the address of the next page."""
        said = self.model_dump(include={"origin", "label", "model", "since", "until"}) | {"after": after}
        return "/library?" + urlencode({name: value for name, value in said.items() if value})

    @property
    def any(self) -> bool:
        """Whether there is any."""
        return any((self.origin, self.label, self.model, self.since, self.until))


@router.get("")
def library(service: TheService, request: Request, asked: Annotated[Filters, Query()]) -> HTMLResponse:
    """Show a page of the list, the latest first."""
    found = service.store.page(asked.wanted, limit=ON_A_PAGE, after=asked.after or None)
    return page(
        request,
        "library",
        HERE,
        images=found.records,
        next=asked.next(found.after) if found.after else "",
        asked=asked,
        labels=known_labels(service.models),
        served=list(service.models),
        most=MOST,
    )


@router.post("")
async def add(service: TheService, request: Request) -> Response:
    """Store images; those that cannot be decoded are named, all others are kept."""
    upload = await uploaded(request, most=MOST)
    label = upload.values.get("label", "").strip()
    kept, added, refused = 0, 0, []
    for place, (_, data) in enumerate(upload.files, 1):
        try:
            _, new = await receive(service, data, label=label)
            kept, added = kept + 1, added + new
        except DecodeError as error:
            refused.append((place, error))
    if refused:
        raise _refusal(kept, refused)
    return RedirectResponse(f"/library?added={added}&known={kept - added}", 303)


def _refusal(kept: int, refused: list[tuple[int, DecodeError]]) -> SynthetykError:
    """Return one error for all files that were refused, by their place: a file's name may be a patient's."""
    told = "; ".join(f"file {place}: {error.found}" for place, error in refused[:REFUSED])
    more = f"; and {len(refused) - REFUSED} more" if len(refused) > REFUSED else ""
    return DecodeError(
        f"Of {kept + len(refused)} files {len(refused)} cannot be stored ({told}{more})",
        expected="PNG, JPEG, TIFF, BMP or DICOM files",
        action="All others are stored" if kept else "Nothing was stored",
    )


@router.get("/{image}")
def image(service: TheService, request: Request, image: str) -> HTMLResponse:
    """Show an image, what is known of it, and what was said of it."""
    record = service.store.record(image)
    return page(
        request,
        "image",
        HERE,
        image=record,
        predictions=service.store.predictions(image)[::-1],
        model=model_of(service.models, record.model),
        served=classifiers(service.models),
        names={model.sha256: model.name for model in service.models},
    )


@router.post("/{image}/predictions", dependencies=[Protected])
async def predict_again(
    service: TheService, request: Request, image: str, model: Annotated[str, Form(max_length=200)] = ""
) -> Response:
    """Have a stored image classified."""
    record = await service.threads.store.run(service.store.record, image)
    said = await predict(service, record, model, request.is_disconnected)
    return RedirectResponse(f"/classify/{image}/{said.id}", 303)


@router.get("/{image}/delete")
def confirm(service: TheService, request: Request, image: str) -> HTMLResponse:
    """Ask whether an image is really to be deleted."""
    record, said = service.store.record(image), service.store.predictions(image)
    return page(request, "delete", HERE, image=record, predictions=len(said))


@router.post("/{image}/delete", dependencies=[Protected])
def delete(service: TheService, image: str) -> Response:
    """Delete an image and what was said of it."""
    with contextlib.suppress(ImageNotFoundError):  # somebody else was faster, or the form was sent twice
        service.store.delete(image)
    return RedirectResponse("/library", 303)


def known_labels(models: ServedModels) -> list[str]:
    """Return the classes that the models know, each once."""
    told = [each.name for model in models if model.classifier for each in model.classifier.about.classes]
    return list(dict.fromkeys([*told, *classes_of(list(models))]))

"""The pages that give an image to a classifier, and show what it says and where it looked."""

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from synthetyk.core.errors import ImageNotFoundError, UnknownNameError
from synthetyk.runtime.manifest import InputContract
from synthetyk.runtime.preprocess import prepare
from synthetyk.service.context import Service, TheService
from synthetyk.service.intake import receive
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.pages.page import page, page_router
from synthetyk.service.pages.upload import uploaded
from synthetyk.service.png import png_of
from synthetyk.service.prediction import INPUT, MAPS, RISK, find, lane_of, predict
from synthetyk.store.record import Prediction

HERE = "classify"

router = page_router("/classify")


@dataclass(frozen=True)
class Bar:
    """A class on the page.

    Attributes:
        name: As the model calls it.
        title: As people do.
        probability: Of the image being of it.
        risk: Whether it is called a risk.
        likeliest: Whether no other is likelier.
    """

    name: str
    title: str
    probability: float
    risk: bool
    likeliest: bool


@router.get("")
def form(service: TheService, request: Request) -> HTMLResponse:
    """Show the form."""
    return page(request, "classify", HERE, served=classifiers(service.models))


@router.post("")
async def classify(service: TheService, request: Request) -> Response:
    """Store an image, have it classified, and lead to what was said."""
    upload = await uploaded(request)
    model = upload.values.get("model", "")
    service.models.classifier(model)  # nothing is stored for a model that is not there
    ((_, data),) = upload.files
    image, _ = await receive(service, data, label=upload.values.get("label", ""))
    said = await predict(service, image, model, request.is_disconnected)
    return RedirectResponse(f"/classify/{image.id}/{said.id}", 303)


@router.get("/{image}/{prediction}")
def prediction(service: TheService, request: Request, image: str, prediction: str, seen: str = "") -> HTMLResponse:
    """Show what was said of an image, and where a class is seen in it."""
    record = service.store.record(image)
    said = find(service, image, prediction)
    if seen and seen not in said.probabilities:
        raise UnknownNameError(f"There is no class {seen[:64]!r}", expected=f"one of {', '.join(said.probabilities)}")
    model = model_of(service.models, said.model)
    classes, shown = bars(said, model), seen or said.label
    return page(
        request,
        "prediction",
        HERE,
        image=record,
        said=said,
        bars=classes,
        model=model,
        seen=shown,
        seen_title=next(each.title for each in classes if each.name == shown),
        has_map=MAPS in said.details and INPUT in said.details,
        risk=said.details.get(RISK),
    )


@router.get("/{image}/{prediction}/input")
async def input_of(service: TheService, image: str, prediction: str) -> Response:
    """Return an image as the classifier took it."""
    record = await service.threads.store.run(service.store.record, image)
    said = await service.threads.store.run(find, service, image, prediction)
    if INPUT not in said.details:
        raise ImageNotFoundError("This prediction does not say what it was made of")
    contract = InputContract.parse(said.details[INPUT], where="The prediction")
    data = await lane_of(service, [record]).run(as_taken, service, image, contract)
    return Response(data, media_type="image/png")


def as_taken(service: Service, image: str, contract: InputContract) -> bytes:
    """Return a stored image, brought to what a model takes, as a PNG."""
    return png_of(prepare(service.store.read(image), contract, max_pixels=service.settings.max_pixels))


def bars(said: Prediction, model: ServedModel | None) -> list[Bar]:
    """Return the classes of a prediction, the likeliest first."""
    about = model.classifier.about.classes if model and model.classifier else ()
    known = {each.name: each for each in about}
    ordered = sorted(said.probabilities.items(), key=lambda each: -each[1])
    return [
        Bar(
            name,
            known[name].title or name if name in known else name,
            probability,
            name in known and known[name].risk,
            name == said.label,
        )
        for name, probability in ordered
    ]


def model_of(models: ServedModels, sha256: str) -> ServedModel | None:
    """Return a model by its hash, None if it is not served any more."""
    return next((model for model in models if model.sha256 == sha256), None)


def classifiers(models: ServedModels) -> list[ServedModel]:
    """Return the models that tell classes."""
    return [model for model in models if model.classifier]

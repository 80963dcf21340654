"""``/v1/predict`` and the predictions of stored images: stored first, then inferred on what was read back."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from synthetyk.core.config import Config
from synthetyk.service.context import Service, TheService
from synthetyk.service.intake import IMAGE_BODY, read_body, receive
from synthetyk.service.prediction import overlay, predict
from synthetyk.store.record import ImageRecord, Prediction

PATH = "/v1/predict"

router = APIRouter(tags=["predict"])
Model = Annotated[str, Query(max_length=200, description="Name or hash; empty: the first model with a classifier.")]


class Predicted(Config):
    """An image that was stored, and what a classifier says of it.

    Attributes:
        image: The image.
        prediction: What was said.
    """

    image: ImageRecord
    prediction: Prediction


class Predictions(Config):
    """What was said of an image.

    Attributes:
        predictions: The earliest first.
    """

    predictions: tuple[Prediction, ...]


@router.post(PATH, openapi_extra=IMAGE_BODY)
async def predict_new(service: TheService, request: Request, model: Model = "") -> Predicted:
    """Store an image, and predict its class from what the store gives back."""
    service.models.classifier(model)  # nothing is stored for a model that is not there
    data, label = await read_body(request)
    image, _ = await receive(service, data, label=label)
    return Predicted(image=image, prediction=await predict(service, image, model, request.is_disconnected))


@router.post("/v1/images/{image}/predictions", status_code=status.HTTP_201_CREATED)
async def predict_stored(service: TheService, request: Request, image: str, model: Model = "") -> Prediction:
    """Predict the class of a stored image."""
    return await predict(service, await _record(service, image), model, request.is_disconnected)


@router.get("/v1/images/{image}/predictions")
async def predictions(service: TheService, image: str) -> Predictions:
    """Return what was said of a stored image."""
    return Predictions(predictions=await service.threads.store.run(service.store.predictions, image))


@router.get(
    "/v1/images/{image}/predictions/{prediction}/heatmap",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}, "description": "Yellow is where the class is seen most."}},
)
async def heat_map(
    service: TheService,
    image: str,
    prediction: str,
    class_name: Annotated[
        str, Query(alias="class", max_length=200, description="Name of a class; empty: the likeliest.")
    ] = "",
) -> Response:
    """Return where in an image a class is seen."""
    data = await overlay(service, await _record(service, image), prediction, class_name)
    return Response(data, media_type="image/png")


async def _record(service: Service, image: str) -> ImageRecord:
    return await service.threads.store.run(service.store.record, image)

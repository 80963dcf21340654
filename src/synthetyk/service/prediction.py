"""What a classifier says of stored images: inferred on what the store gave back, and stored beside the image."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np

from synthetyk.core.errors import ImageNotFoundError, UnknownNameError
from synthetyk.runtime.classifier import Prediction as Found
from synthetyk.runtime.manifest import InputContract, PackagedClassifier
from synthetyk.runtime.preprocess import prepare
from synthetyk.service.batching import Gone
from synthetyk.service.context import Service
from synthetyk.service.drawing import Pixels
from synthetyk.service.heatmap import heatmap
from synthetyk.service.intake import MEDIA_TYPES
from synthetyk.service.threads import Lane
from synthetyk.store.record import ImageRecord, Prediction, now

DIGITS = 4  # of an activation map's values behind the point
# What a prediction's details hold.
MAPS, RISK, INPUT = "activation_maps", "risk_probability", "input"


async def predict(service: Service, image: ImageRecord, model: str = "", gone: Gone | None = None) -> Prediction:
    """Return what a model says of a stored image; once this returns, that is stored too.

    Args:
        service: Has models and store.
        image: A stored image.
        model: Name or hash of a model; empty: the first that has a classifier.
        gone: Tells whether nobody waits for it any more.

    Raises:
        UnknownNameError: There is no such model.
        RequestError: It has no classifier.
        DecodeError: The image cannot be decoded.
        OverloadedError: Too many requests wait already.
        StoreUnavailableError: The store cannot be reached.
    """
    ((_, said),) = await predict_all(service, [image], model, gone)
    return said


async def predict_all(
    service: Service, images: Sequence[ImageRecord], model: str = "", gone: Gone | None = None
) -> list[tuple[Found, Prediction]]:
    """Return what a model says of several stored images, as it comes from the network and as it was stored."""
    asked, classifier = service.models.classifier(model)
    lane = lane_of(service, images)
    pixels = await lane.run(_read_back, service, images, classifier.about.input)
    found = await service.queues.classify(asked, pixels, gone)
    ids = [image.id for image in images]
    said = await service.threads.store.run(_stored, service, found, classifier.about, asked.sha256, ids)
    return list(zip(found, said, strict=True))


async def overlay(service: Service, image: ImageRecord, prediction: str, class_name: str = "") -> bytes:
    """Return the PNG of where in an image a class is seen.

    Args:
        service: Has the store.
        image: A stored image.
        prediction: Id of what was said of it.
        class_name: Of the class; empty: the likeliest.

    Raises:
        ImageNotFoundError: There is no such prediction, or it has no map.
        UnknownNameError: There is no such class.
    """
    said = await service.threads.store.run(find, service, image.id, prediction)
    maps = said.details.get(MAPS)
    if not isinstance(maps, dict) or INPUT not in said.details:
        raise ImageNotFoundError(f"The prediction {prediction[:64]!r} has no heat map")
    wanted = class_name or said.label
    if wanted not in maps:
        raise UnknownNameError(f"There is no class {wanted[:64]!r}", expected=f"one of {', '.join(maps)}")
    return await lane_of(service, [image]).run(_drawn, service, image, said, wanted)


def find(service: Service, image: str, prediction: str) -> Prediction:
    """Return a stored prediction.

    Raises:
        ImageNotFoundError: There is none of that id.
    """
    for said in service.store.predictions(image):
        if said.id == prediction:
            return said
    raise ImageNotFoundError(f"There is no prediction {prediction[:64]!r} of this image")


def lane_of(service: Service, images: Sequence[ImageRecord]) -> Lane:
    """Return where images may be decoded."""
    dicom = any(image.media_type == MEDIA_TYPES["DICOM"] for image in images)
    return service.threads.dicom if dicom else service.threads.images


def _read_back(service: Service, images: Sequence[ImageRecord], contract: InputContract) -> list[Pixels]:
    limit = service.settings.max_pixels
    return [prepare(service.store.read(image.id), contract, max_pixels=limit) for image in images]


def _said(found: Found, about: PackagedClassifier, model: str, image: str) -> Prediction:
    """Return what is stored of a prediction of one image."""
    best = int(found.probabilities[0].argmax())
    names = [each.name for each in about.classes]
    maps = np.round(found.activation_maps[0].astype(float), DIGITS).tolist()
    details: dict[str, Any] = {
        RISK: None if found.risk is None else float(found.risk[0]),
        MAPS: dict(zip(names, maps, strict=True)),
        INPUT: about.input.model_dump(mode="json"),
    }
    return Prediction(
        id=uuid4().hex,
        image=image,
        model=model,
        created=now(),
        probabilities=dict(zip(names, found.probabilities[0].tolist(), strict=True)),
        label=names[best],
        risk=None if found.risk is None else about.classes[best].risk,
        details=details,
    )


def _stored(
    service: Service, found: Sequence[Found], about: PackagedClassifier, model: str, images: Sequence[str]
) -> list[Prediction]:
    said = [_said(one, about, model, image) for one, image in zip(found, images, strict=True)]
    for prediction in said:
        service.store.put_prediction(prediction)
    return said


def _drawn(service: Service, image: ImageRecord, said: Prediction, wanted: str) -> bytes:
    contract = InputContract.parse(said.details[INPUT], where="The prediction")
    (pixels,) = _read_back(service, [image], contract)
    maps = said.details[MAPS]
    return heatmap(pixels, np.asarray(list(maps.values()), dtype=np.float32), list(maps).index(wanted))

"""What MLflow's scoring protocol asks for, and the rows that it answers with.

The names and shapes are those of ``mlflow.pyfunc.scoring_server`` (MLflow 3): one of four fields holds the images,
``params`` the parameters; the answer is ``{"predictions": [...]}`` with the rows of the model's data frame.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synthetyk.core.errors import DecodeError, RequestError
from synthetyk.data.decode import kind_of
from synthetyk.runtime.answers import Row, drawn, predicted
from synthetyk.runtime.manifest import InputContract
from synthetyk.runtime.requests import RequestParams, given_images
from synthetyk.service.batching import Gone
from synthetyk.service.context import Service
from synthetyk.service.drawing import DrawingRequest
from synthetyk.service.generation import Made, make
from synthetyk.service.intake import HEAD, keep
from synthetyk.service.png import png_of
from synthetyk.service.prediction import predict_all
from synthetyk.store.record import ImageRecord

FIELDS = ("dataframe_split", "dataframe_records", "instances", "inputs")


@dataclass(frozen=True)
class Scoring:
    """A request of MLflow's protocol.

    Attributes:
        given: Images in one of the forms that `runtime.requests.given_images` takes.
        params: The parameters.
    """

    given: Any
    params: RequestParams


def read_scoring(body: bytes) -> Scoring:
    """Read a request.

    Raises:
        RequestError: It is no JSON, or not in the form of the protocol.
        ConfigError: A parameter is unknown or out of range.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError("The request is no JSON", expected=_form()) from error
    if not isinstance(said, dict) or len(fields := [name for name in FIELDS if name in said]) != 1:
        raise RequestError("The request has not exactly one field with images", expected=_form())
    params = said.get("params") or {}
    if not isinstance(params, dict):
        raise RequestError("The parameters are no object", expected=_form())
    given = said[fields[0]]
    given = _split(given) if fields[0] == "dataframe_split" else _columns(given)
    return Scoring(given, RequestParams.parse(params, where="The parameters"))


async def rows_of(service: Service, scoring: Scoring, model: str = "", gone: Gone | None = None) -> list[Row]:
    """Return the rows of an answer; images are stored before they are predicted.

    Args:
        service: Has models and store.
        scoring: What is asked.
        model: Name or hash of a model; empty: the first that can do it.
        gone: Tells whether nobody waits any more.
    """
    params = scoring.params
    if params.task == "predict":
        return await _predicted(service, scoring, model, gone)
    asked = DrawingRequest(
        model=model,
        label=params.label,
        count=params.count,
        first=params.first,
        seed=None if params.seed < 0 else params.seed,
        truncation=params.truncation,
    )
    made = await make(service, asked, gone)
    return await service.threads.images.run(_drawn, made)


async def _predicted(service: Service, scoring: Scoring, model: str, gone: Gone | None) -> list[Row]:
    _, classifier = service.models.classifier(model)
    about = classifier.about
    files = await service.threads.images.run(_files, scoring.given, about.input)
    dicom = any(kind_of(data[:HEAD]) == "DICOM" for data in files)
    lane = service.threads.dicom if dicom else service.threads.images
    images = await lane.run(_keep_all, service, files)
    found = await predict_all(service, images, model, gone)
    names = [each.name for each in about.classes]
    return [row for one, _ in found for row in predicted(one, names, maps=scoring.params.maps)]


def _files(given: Any, contract: InputContract) -> list[bytes]:
    """Return the images of a request as files; pixels become PNGs, which keep every value."""
    images = given_images(given, contract)
    return images if isinstance(images, list) else [png_of(image) for image in images]


def _keep_all(service: Service, files: Sequence[bytes]) -> list[ImageRecord]:
    return [_keep(service, row, data) for row, data in enumerate(files)]


def _keep(service: Service, row: int, data: bytes) -> ImageRecord:
    try:
        record, new = keep(service.store, data, max_pixels=service.settings.max_pixels)
    except DecodeError as error:
        raise type(error)(f"Image {row}: {error.found}", expected=error.expected, kind=error.kind) from error
    service.telemetry.images.labels("real").inc(new)
    return record


def _drawn(made: Made) -> list[Row]:
    each = zip(made.drawing.images, made.images, strict=True)
    return [drawn(label, number, made.drawing.seed, image) for (label, number), image in each]


def _split(given: Any) -> Any:
    """Return the columns of a table whose rows lie in ``data`` and whose names lie in ``columns``."""
    if not isinstance(given, Mapping) or "data" not in given or set(given) - {"columns", "data", "index"}:
        raise RequestError("dataframe_split is no table", expected='{"columns": ["image"], "data": [[...], ...]}')
    names, rows = given.get("columns", ["0"]), given["data"]
    if not isinstance(names, list) or not isinstance(rows, list):
        raise RequestError("dataframe_split is no table", expected="lists as columns and data")
    if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        raise RequestError("dataframe_split has rows of other lengths", expected=f"{len(names)} values in each row")
    return {str(name): [row[place] for row in rows] for place, name in enumerate(names)}


def _columns(given: Any) -> Any:
    """Return the columns of a table whose rows are objects; whatever else it is, as it is."""
    if not isinstance(given, list) or not given or not all(isinstance(row, Mapping) for row in given):
        return given
    return {name: [row.get(name) for row in given] for name in given[0]}


def _form() -> str:
    return f'{{"FIELD": images, "params": {{...}}}} with one FIELD of {", ".join(FIELDS)}'

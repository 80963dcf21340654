"""MLflow's scoring protocol, for whatever speaks it: ``/ping``, ``/version`` and ``/invocations``.

What is taken and answered is what MLflow's own server takes and answers for the same package, in JSON; but images are
stored before they are predicted, and errors are problems as everywhere in the service.
"""

import json
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response, status

import synthetyk
from synthetyk.runtime.answers import Row
from synthetyk.runtime.requests import RequestParams
from synthetyk.service.context import TheService
from synthetyk.service.scoring import read_scoring, rows_of

router = APIRouter(tags=["MLflow"])
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "dataframe_split": {"type": "object"},
                        "dataframe_records": {"type": "array"},
                        "instances": {},
                        "inputs": {},
                        "params": RequestParams.model_json_schema(),
                    },
                }
            }
        },
    }
}


@router.get("/ping", response_class=Response)
@router.get("/health", response_class=Response, include_in_schema=False)
async def ping(service: TheService) -> Response:
    """Say whether there is a model that can be asked."""
    found = status.HTTP_200_OK if len(service.models) else status.HTTP_404_NOT_FOUND
    return Response("\n", found, media_type="application/json")


@router.get("/version", response_class=Response)
async def version() -> Response:
    """Return the version of what answers, as plain text: Synthetyk's, since no MLflow is here."""
    return Response(synthetyk.__version__, media_type="application/json")


@router.post("/invocations", openapi_extra=BODY, response_class=Response)
async def invocations(
    service: TheService,
    request: Request,
    model: Annotated[str, Query(max_length=200, description="Name or hash; empty: the first that can do it.")] = "",
) -> Response:
    """Predict the classes of images, or generate images, as the parameter `task` says."""
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    if kind.strip() != "application/json" or parameters.strip() not in ("", "charset=utf-8"):
        raise HTTPException(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Only application/json in UTF-8 is taken here")
    scoring = await service.threads.images.run(read_scoring, await request.body())
    rows = await rows_of(service, scoring, model, request.is_disconnected)
    body = await service.threads.images.run(_answer, rows)
    return Response(body, media_type="application/json")


def _answer(rows: list[Row]) -> bytes:
    return json.dumps({"predictions": rows}).encode()

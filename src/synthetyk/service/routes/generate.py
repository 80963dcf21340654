"""``/v1/generate``: images are drawn and handed out."""

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from synthetyk.service.context import service_of
from synthetyk.service.drawing import DrawingRequest
from synthetyk.service.forms import MEDIA_TYPES, encoded
from synthetyk.service.generation import make

SMALL = 2**15  # bytes of pixels that are encoded at once: a thread would cost more

PATH = "/v1/generate"

router = APIRouter(tags=["generate"])


@router.post(
    PATH,
    response_class=Response,
    responses={200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}, "description": "The images."}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": DrawingRequest.model_json_schema()}},
        }
    },
)
async def generate(request: Request) -> Response:
    """Draw images; the same request gives the same bytes.

    Which seed they have, which model drew them, and under which id it is recorded that they were drawn, stands in the
    headers `Synthetyk-Seed`, `Synthetyk-Model` and `Synthetyk-Generation`.
    """
    service = service_of(request)
    asked = _parsed(await request.body())
    made = await make(service, asked, request.is_disconnected)
    if made.images.nbytes <= SMALL:
        body = encoded(made, asked.format)
    else:
        body = await service.threads.images.run(encoded, made, asked.format)
    headers = {
        "Synthetyk-Model": made.model,
        "Synthetyk-Seed": str(made.drawing.seed),
        "Synthetyk-Generation": made.id,
    }
    return Response(body, headers=headers, media_type=MEDIA_TYPES[asked.format])


def _parsed(body: bytes) -> DrawingRequest:
    try:
        return DrawingRequest.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_input=False)) from error

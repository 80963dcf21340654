"""What is asked of a packaged model through MLflow: images in whatever form they come, and parameters by name."""

import base64
import binascii
import io
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.core.errors import DecodeError, RequestError
from synthetyk.runtime.manifest import InputContract
from synthetyk.runtime.preprocess import prepare

COLUMN = "image"
MOST = 1000  # images in one request
FORMS = (
    "uint8 images (N, C, H, W) of the model's shape, or image files as bytes or base64, as a list or in a column "
    f"{COLUMN!r}"
)


class RequestParams(Config):
    """What the parameters of a request may say.

    Attributes:
        task: ``predict`` classes of images, or ``generate`` images.
        label: generate: name of the class; empty for a generator without classes.
        count: generate: how many images.
        first: generate: number of the first of them within its class.
        seed: generate: seed of all images; -1: that of the package.
        truncation: generate: scale of the noise; below 1 images are more typical and less varied.
        maps: predict: whether to return the activation maps.
    """

    task: Literal["predict", "generate"] = "predict"
    label: str = ""
    count: int = Field(1, ge=1, le=MOST)
    first: int = Field(0, ge=0)
    seed: int = Field(-1, ge=-1)
    truncation: float = Field(1.0, ge=0)
    maps: bool = False


def images_of(given: Any, contract: InputContract) -> NDArray[np.uint8]:
    """Return the images of a request as the classifier takes them.

    Args:
        given: See `given_images`.
        contract: What the classifier takes.

    Returns:
        uint8 ``(N, C, H, W)``.

    Raises:
        RequestError: It holds no images, or more than 1000.
        DecodeError: An image file cannot be decoded; the message says which.
    """
    images = given_images(given, contract)
    if isinstance(images, np.ndarray):
        return images
    return np.stack([_prepared(row, data, contract) for row, data in enumerate(images)])


def given_images(given: Any, contract: InputContract) -> NDArray[np.uint8] | list[bytes]:
    """Return the images of a request as they came: pixels ``(N, C, H, W)``, or the bytes of image files.

    Args:
        given: An array or nested lists of whole numbers from 0 to 255, ``(N, C, H, W)``, or ``(N, H, W)`` of a grey
            model; image files as bytes or base64; a list of them; or a table or mapping with a column ``image``.
        contract: What the classifier takes.

    Raises:
        RequestError: It is none of these, or holds no image, or more than 1000.
        DecodeError: A text is no base64.
    """
    if isinstance(given, bytes | str):
        given = [given]
    values = _column(given)
    if not 0 < len(values) <= MOST:
        raise RequestError(f"The request has {len(values)} images", expected=f"1 to {MOST}")
    if all(isinstance(value, bytes | str) for value in values):
        return [value if isinstance(value, bytes) else _from_base64(row, value) for row, value in enumerate(values)]
    return _from_pixels(values, contract)


def png_text(image: NDArray[np.uint8]) -> str:
    """Return a uint8 image ``(C, H, W)`` as the base64 of a PNG, which `images_of` takes."""
    stream = io.BytesIO()
    Image.fromarray(image[0] if len(image) == 1 else image.transpose(1, 2, 0)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def _column(given: Any) -> Sequence[Any] | NDArray[Any]:
    """Return the values of the column of images, or what was given if it has no columns."""
    named = list(given.columns) if hasattr(given, "columns") else list(given) if isinstance(given, Mapping) else None
    if named is not None:
        if COLUMN not in named:
            raise RequestError(f"There are columns {named}", expected=f"one that is called {COLUMN!r}")
        values = given[COLUMN]
        values = [values] if isinstance(values, bytes | str) else values
        return list(values)
    if not hasattr(given, "__len__"):
        raise RequestError(f"The input is of type {type(given).__name__}", expected=FORMS)
    sized: Sequence[Any] = given
    return sized


def _prepared(row: int, data: bytes, contract: InputContract) -> NDArray[np.uint8]:
    try:
        return prepare(data, contract)
    except DecodeError as error:
        raise DecodeError(f"Image {row}: {error.found}", expected=error.expected, kind=error.kind) from error


def _from_base64(row: int, text: str) -> bytes:
    """Return the bytes behind base64, with or without the head of a data URI."""
    try:
        return base64.b64decode("".join(text.rpartition(",")[2].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise DecodeError(
            f"Image {row}: The text is no base64", expected="an image file in base64", kind="not_an_image"
        ) from error


def _from_pixels(values: Any, contract: InputContract) -> NDArray[np.uint8]:
    try:
        pixels = np.asarray([np.asarray(value) for value in values])
    except ValueError as error:
        raise RequestError("The images differ in shape", expected=FORMS) from error
    if pixels.ndim == 3 and contract.channels == 1:
        pixels = pixels[:, None]
    whole = pixels.dtype.kind in "iu" and pixels.size > 0 and pixels.min() >= 0 and pixels.max() <= 255
    if not whole or pixels.shape[1:] != contract.shape:
        expected = f"{FORMS}; here (N, {', '.join(map(str, contract.shape))}), whole numbers from 0 to 255"
        raise RequestError(f"The images are {pixels.dtype} {pixels.shape}", expected=expected)
    return pixels.astype(np.uint8)

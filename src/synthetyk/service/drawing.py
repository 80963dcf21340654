"""What ``POST /v1/generate`` takes, and which images have to be drawn for it."""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.core.errors import RequestError
from synthetyk.runtime.generator import GeneratorSession, Numbered
from synthetyk.runtime.requests import MOST

LARGEST = 2**53  # whole numbers that every JSON reader keeps
BYTES = 64 * 2**20  # of the pixels of one answer
Pixels = NDArray[np.uint8]
Format = Literal["png", "zip", "npy", "json"]


class DrawingRequest(Config):
    """Which images are to be drawn; the same request gives the same bytes.

    Attributes:
        model: Name or hash of a model; empty: the first that has a generator.
        label: Name of the class; empty for a generator without classes.
        balanced: Whether the images are of all classes in turn, as many of each as the count allows.
        count: How many images.
        first: Number of the first of them within its class.
        seed: Of all images; null: that of the package.
        truncation: Scale of the noise; below 1 images are more typical and less varied.
        format: `png`: the image, or all on one sheet; `zip`: a PNG for each, and manifest.json; `npy`: uint8
            (N, C, H, W); `json`: a PNG for each in base64.
        store: Whether the service also keeps the images.
    """

    model: str = Field(default="", max_length=200)
    label: str = Field(default="", max_length=200)
    balanced: bool = False
    count: int = Field(default=1, ge=1, le=MOST)
    first: int = Field(default=0, ge=0, le=LARGEST)
    seed: int | None = Field(default=None, ge=0, le=LARGEST)
    truncation: float = Field(default=1.0, ge=0, le=100, allow_inf_nan=False)
    format: Format = "png"
    store: bool = False


@dataclass(frozen=True)
class Drawing:
    """What is drawn for a request.

    Attributes:
        seed: Of all images.
        labels: Name of the class of each image; empty for a generator without classes.
        numbers: Number of each within its class.
        wanted: The same as a generator takes it, class by class.
        order: Where each image stands in what is drawn class by class.
    """

    seed: int
    labels: tuple[str, ...]
    numbers: tuple[int, ...]
    wanted: tuple[Numbered, ...]
    order: tuple[int, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Images by class."""
        return dict(Counter(self.labels))

    def in_order(self, drawn: Pixels) -> Pixels:
        """Return images that were drawn class by class in the order of the request."""
        return drawn if len(self.wanted) == 1 else drawn[list(self.order)]


def plan(asked: DrawingRequest, generator: GeneratorSession) -> Drawing:
    """Return what has to be drawn for a request.

    Raises:
        RequestError: It does not fit the generator, or asks for too much at once.
    """
    each = math.prod(generator.about.shape)
    if asked.count * each > BYTES:
        found = f"{asked.count} images of {each:,} bytes were asked for"
        raise RequestError(found, expected=f"at most {BYTES // each}", action="Ask for the others by 'first'")
    seed = generator.about.seed if asked.seed is None else asked.seed
    names = _names(asked, generator)
    turns, count = range(len(names)), asked.count
    numbers = [range(asked.first, asked.first + len(range(turn, count, len(names)))) for turn in turns]
    starts = [0, *accumulate(map(len, numbers))]
    wanted = (Numbered(generator.label_of(names[turn]), numbers[turn], seed, asked.truncation) for turn in turns)
    return Drawing(
        seed=seed,
        labels=tuple(names[image % len(names)] for image in range(count)),
        numbers=tuple(asked.first + image // len(names) for image in range(count)),
        wanted=tuple(map(generator.checked, wanted)),
        order=tuple(starts[image % len(names)] + image // len(names) for image in range(count)),
    )


def _names(asked: DrawingRequest, generator: GeneratorSession) -> list[str]:
    """Return the classes of a request, no more than there are images."""
    if not asked.balanced:
        return [asked.label]
    if asked.label:
        raise RequestError(f"The class {asked.label!r} and balanced classes were asked for", expected="one of them")
    return list(generator.about.class_names[: asked.count]) or [""]

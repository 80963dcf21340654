"""What ``POST /v1/generate`` takes, and which images have to be drawn for it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
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
        names: Classes that take turns; an empty name for a generator without classes.
        wanted: The images of each of them, as a generator takes it.
        seed: Of all images.
    """

    names: tuple[str, ...]
    wanted: tuple[Numbered, ...]
    seed: int

    @property
    def counts(self) -> dict[str, int]:
        """Images by class."""
        return {name: len(one.indices) for name, one in zip(self.names, self.wanted, strict=True)}

    @property
    def images(self) -> Iterator[tuple[str, int]]:
        """Class and number of every image, in the order of the request."""
        turns = zip_longest(*(one.indices for one in self.wanted))
        return ((name, int(n)) for turn in turns for name, n in zip(self.names, turn, strict=True) if n is not None)

    def in_order(self, drawn: Pixels) -> Pixels:
        """Return images that were drawn class by class in the order of the request."""
        if len(self.wanted) == 1:
            return drawn
        images, start = np.empty_like(drawn), 0
        for turn, one in enumerate(self.wanted):
            images[turn :: len(self.wanted)] = drawn[start : start + len(one.indices)]
            start += len(one.indices)
        return images


def plan(asked: DrawingRequest, generator: GeneratorSession) -> Drawing:
    """Return what has to be drawn for a request.

    Raises:
        RequestError: It does not fit the generator, or asks for too much at once.
    """
    each, count = math.prod(generator.about.shape), asked.count
    if count * each > BYTES:
        found = f"{count} images of {each:,} bytes were asked for"
        raise RequestError(found, expected=f"at most {BYTES // each}", action="Ask for the others by 'first'")
    seed = generator.about.seed if asked.seed is None else asked.seed
    names = _names(asked, generator)
    numbers = (range(asked.first, asked.first + len(range(turn, count, len(names)))) for turn in range(len(names)))
    wanted = tuple(
        generator.checked(Numbered(generator.label_of(name), one, seed, asked.truncation))
        for name, one in zip(names, numbers, strict=True)
    )
    return Drawing(names, wanted, seed)


def _names(asked: DrawingRequest, generator: GeneratorSession) -> tuple[str, ...]:
    """Return the classes of a request, no more than there are images."""
    if not asked.balanced:
        return (asked.label,)
    if asked.label:
        raise RequestError(f"The class {asked.label!r} and balanced classes were asked for", expected="one of them")
    return generator.about.class_names[: asked.count] or ("",)

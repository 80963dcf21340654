"""The built-in procedural set: ``phantom`` or ``phantom:n=600,size=64,channels=1,balance=0.6/0.25/0.15,seed=0``."""

import hashlib
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BeforeValidator, Field, field_validator, model_validator

from synthetyk.core import seeding
from synthetyk.core.config import Config
from synthetyk.core.errors import ConfigError
from synthetyk.data.phantom import LABELS, PhantomFactors, PhantomLabel, draw, sample_factors
from synthetyk.data.source import Item, Problem, RawImage, SourceOptions

DRAWING_VERSION = 1  # Raise it when the same factors give other pixels.
IMAGES_PER_PATIENT = 3


def _slashes(value: Any) -> Any:
    return tuple(value.split("/")) if isinstance(value, str) else value


class PhantomConfig(Config):
    """What a phantom set is made of.

    Attributes:
        n: Number of images.
        size: Height and width in pixels.
        channels: 1, or 3 for tinted films.
        balance: Parts of normal, benign and malignant; they are scaled to a sum of 1.
        seed: Which patients.
        patients: Number of patients; by default half the images, each with one to three.
    """

    n: int = Field(600, ge=1)
    size: int = Field(64, ge=8, le=4096)
    channels: int = 1
    balance: Annotated[tuple[float, float, float], BeforeValidator(_slashes)] = (0.6, 0.25, 0.15)
    seed: int = Field(0, ge=0)
    patients: int | None = Field(None, ge=1)

    @field_validator("channels")
    @classmethod
    def _grey_or_colour(cls, channels: int) -> int:
        if channels not in (1, 3):
            raise ValueError("1 or 3")
        return channels

    @field_validator("balance")
    @classmethod
    def _parts(cls, balance: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(balance) < 0 or not 0 < sum(balance) < float("inf"):
            raise ValueError("three parts, none negative, not all zero")
        return balance

    @model_validator(mode="after")
    def _enough_images(self) -> Self:
        if self.patients is not None and self.patients > self.n:
            raise ValueError(f"at most one patient per image ({self.n})")
        return self

    @property
    def counts(self) -> dict[PhantomLabel, int]:
        """Images per class: largest remainders, so that they add up to `n`."""
        exact = np.array(self.balance) * (self.n / sum(self.balance))
        counts = np.floor(exact).astype(int)
        counts[np.argsort(counts - exact, kind="stable")[: self.n - counts.sum()]] += 1
        return dict(zip(LABELS, counts.tolist(), strict=True))


class PhantomSource:
    """Chest X-rays that are drawn when they are read; see `synthetyk.data.phantom`."""

    def __init__(self, settings: PhantomConfig) -> None:
        self.settings = settings
        self._items, self._addresses = _list(settings)

    @classmethod
    def recognises(cls, location: str) -> bool:
        """Tell whether `location` is ``phantom`` or starts with ``phantom:``."""
        return location.partition(":")[0] == "phantom"

    @classmethod
    def open(cls, location: str, options: SourceOptions) -> Self:  # noqa: ARG003 - a phantom has no columns or files
        """Make the set.

        Raises:
            ConfigError: A key is unknown (the nearest is named) or its value is refused.
        """
        pairs = [part.partition("=") for part in location.partition(":")[2].split(",") if part]
        if missing := [key for key, equals, _ in pairs if not equals]:
            raise ConfigError(f"{location} has {missing[0]!r} without a value", expected="phantom:key=value,key=value")
        return cls(PhantomConfig.parse({key.strip(): value.strip() for key, _, value in pairs}, where=location))

    def items(self) -> list[Item]:
        """Return every image, patients in random order of their classes."""
        return self._items

    def problems(self) -> list[Problem]:
        """Return nothing: what is drawn has no faults."""
        return []

    def content_hash(self) -> str:
        """Return a SHA-256 of the settings and of the version of the drawing."""
        return hashlib.sha256(f"phantom/{DRAWING_VERSION} {self.settings.model_dump_json()}".encode()).hexdigest()

    def factors(self, item: Item) -> PhantomFactors:
        """Return what an image is made of."""
        index, patient, label = self._addresses[item.key]
        return sample_factors(self.settings.seed, index, label, patient=patient)

    def read(self, item: Item) -> RawImage:
        """Draw one image."""
        pixels, _ = draw(self.factors(item), self.settings.size, self.settings.channels)
        return RawImage(pixels, bit_depth=8, mode="L" if self.settings.channels == 1 else "RGB")


def _list(settings: PhantomConfig) -> tuple[list[Item], dict[str, tuple[int, int, PhantomLabel]]]:
    """Return the items, and each one's (index, patient, label)."""
    rng = seeding.generator(settings.seed, "phantom/patients")
    patients = [(label, size) for label, count in settings.counts.items() for size in _sizes(count, settings, rng)]
    items: list[Item] = []
    addresses: dict[str, tuple[int, int, PhantomLabel]] = {}
    for patient, which in enumerate(rng.permutation(len(patients))):
        label, size = patients[which]
        for image in range(size):
            item = Item(key=f"patient-{patient:04d}/{image}", label=label, group=f"patient-{patient:04d}")
            addresses[item.key] = (len(items), patient, label)
            items.append(item)
    return items, addresses


def _sizes(count: int, settings: PhantomConfig, rng: np.random.Generator) -> list[int]:
    """Return the number of images of each patient of a class with `count` images."""
    if not count:
        return []
    wanted = settings.patients or settings.n / 2
    patients = min(count, max(1, round(count * wanted / settings.n)))
    spare = max(IMAGES_PER_PATIENT, -(-count // patients)) - 1
    dealt = rng.permutation(np.repeat(np.arange(patients), spare))[: count - patients]
    sizes: list[int] = (1 + np.bincount(dealt, minlength=patients)).tolist()
    return sizes

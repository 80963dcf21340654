"""A packaged generator: images by their number, from the same noise as in the training, without torch."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import RequestError
from synthetyk.core.noise import in_chunks, noise_of
from synthetyk.data.dataset import from_unit
from synthetyk.runtime.manifest import PackagedGenerator
from synthetyk.runtime.package import Package
from synthetyk.runtime.session import OnnxModel

CHUNK = 8  # images in every call: as quick for many as 32, and a single one costs a quarter


class GeneratorSession:
    """Draws numbered images: image i of class c is the same whatever else is asked for.

    Its images are those of `training.sampler.Sampler`, but for the last bits of the network's arithmetic: at 32 bits
    some pixel may differ by 1 of 255.

    Args:
        model: Its network.
        about: What the manifest says of it.

    Raises:
        PackageError: The network does not take and give what the manifest says.
    """

    def __init__(self, model: OnnxModel, about: PackagedGenerator) -> None:
        labels: dict[str, tuple[int | None, ...]] = {"labels": (None,)} if about.class_names else {}
        model.check({"noise": (None, about.latent), **labels}, {"images": (None, *about.shape)})
        self.about = about
        self.classes = len(about.class_names)
        self._model = model

    @classmethod
    def open(cls, package: Package, *, threads: int = 1) -> Self:
        """Open the generator of a package.

        Raises:
            RequestError: It has none.
        """
        about = package.manifest.generator
        if about is None:
            raise RequestError(f"{package.folder} holds no generator", expected="a package with one")
        return cls(OnnxModel(package.read(about.file), about.file, threads=threads), about)

    def label_of(self, name: str) -> int | None:
        """Return the label of a class by its name; None for an empty name and an unconditional generator.

        Raises:
            RequestError: There is no such class.
        """
        if not name and not self.classes:
            return None
        if name not in self.about.class_names:
            known = f"one of {', '.join(self.about.class_names)}" if self.classes else "none: it has no classes"
            found = f"There is no class {name!r}" if name else "No class was asked for"
            raise RequestError(found, expected=known, action="" if name else "Say which by the parameter label")
        return self.about.class_names.index(name)

    def sample(
        self,
        label: int | None,
        indices: Sequence[int] | NDArray[np.int64],
        *,
        seed: int | None = None,
        truncation: float = 1.0,
    ) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, H, W)``, in the order of `indices`.

        Args:
            label: Class of the images; None for an unconditional generator.
            indices: Number of each image within its class, at least 0.
            seed: Of all images; None: that of the package.
            truncation: Scale of the noise, over the generator's own: below 1 images are more typical and less varied.

        Raises:
            RequestError: One of them does not fit the generator.
        """
        self._check(label, indices, truncation)
        seed = self.about.seed if seed is None else seed
        return in_chunks(indices, CHUNK, partial(self._draw, seed, label, truncation))

    def _check(self, label: int | None, indices: Sequence[int] | NDArray[np.int64], truncation: float) -> None:
        if (label is None) != (self.classes == 0) or (label is not None and not 0 <= label < self.classes):
            expected = f"a label from 0 to {self.classes - 1}" if self.classes else "None: it has no classes"
            raise RequestError(f"The label is {label}", expected=expected)
        if not len(indices) or min(indices) < 0:
            raise RequestError("The numbers of the images are none, or negative", expected="numbers from 0")
        if not math.isfinite(truncation) or truncation < 0:
            raise RequestError(f"The truncation is {truncation}", expected="a number from 0")

    def _draw(self, seed: int, label: int | None, truncation: float, numbers: range) -> NDArray[np.uint8]:
        inputs: dict[str, NDArray[np.float32] | NDArray[np.int64]]
        inputs = {"noise": noise_of(seed, label, numbers, self.about.latent, truncation)}
        if label is not None:
            inputs["labels"] = np.full(len(numbers), label, dtype=np.int64)
        (images,) = self._model.run(("images",), inputs)
        return from_unit(images)

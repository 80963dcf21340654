"""A packaged generator: images by their number, from the same noise as in the training, without torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
from numpy.typing import NDArray

from synthetyk.core.errors import RequestError
from synthetyk.core.noise import in_chunks, noise_of
from synthetyk.data.dataset import from_unit
from synthetyk.runtime.batches import Inputs, exact_sizes, run_cut
from synthetyk.runtime.manifest import PackagedGenerator
from synthetyk.runtime.package import Package
from synthetyk.runtime.session import OnnxModel

CHUNK = 8  # images in every call: as quick for many as 32, and a single one costs a quarter


@dataclass(frozen=True)
class Numbered:
    """Some numbered images of one class.

    Attributes:
        label: Their class; None for an unconditional generator.
        indices: Number of each within its class, at least 0.
        seed: Of all of them.
        truncation: Scale of the noise, over the generator's own.
    """

    label: int | None
    indices: Sequence[int] | NDArray[np.int64]
    seed: int
    truncation: float = 1.0


class GeneratorSession:
    """Draws numbered images: image i of class c is the same whatever else is asked for.

    Image i is what it is in its chunk (`core.noise`). Where this machine was seen to compute the same bits of it in
    other batches, it is drawn in those; else its whole chunk is drawn.

    Its images are those of `training.sampler.Sampler`, but for the last bits of the network's arithmetic: at 32 bits
    some pixel may differ by 1 of 255.

    Args:
        model: Its network.
        about: What the manifest says of it.
        batch: Largest batch to try in the place of chunks; 0: none.

    Attributes:
        sizes: Of batches that change no bit of any image, see `batches.exact_sizes`; empty: chunks are drawn.

    Raises:
        PackageError: The network does not take and give what the manifest says.
    """

    def __init__(self, model: OnnxModel, about: PackagedGenerator, *, batch: int = 0) -> None:
        labels: dict[str, tuple[int | None, ...]] = {"labels": (None,)} if about.class_names else {}
        model.check({"noise": (None, about.latent), **labels}, {"images": (None, *about.shape)})
        self.about = about
        self.classes = len(about.class_names)
        self._model = model
        self.sizes = exact_sizes(self._run, self._any_chunk(), batch) if batch else ()

    @classmethod
    def open(cls, package: Package, *, threads: int = 1, batch: int = 0) -> Self:
        """Open the generator of a package.

        Raises:
            RequestError: It has none.
        """
        about = package.manifest.generator
        if about is None:
            raise RequestError(f"{package.folder} holds no generator", expected="a package with one")
        return cls(OnnxModel(package.read(about.file), about.file, threads=threads), about, batch=batch)

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
        seed = self.about.seed if seed is None else seed
        (images,) = self.sample_all([self.checked(Numbered(label, indices, seed, truncation))])
        return images

    def sample_all(self, wanted: Sequence[Numbered]) -> list[NDArray[np.uint8]]:
        """Return the images of several requests, computed together: each gets what it gets when it comes alone.

        Args:
            wanted: What `checked` returned.

        Returns:
            uint8 ``(n, C, H, W)`` for each.
        """
        if not self.sizes:
            return [in_chunks(one.indices, CHUNK, partial(self._chunk, one)) for one in wanted]
        parts = [self._inputs(one, one.indices) for one in wanted]
        inputs = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        images = from_unit(run_cut(self._run, inputs, self.sizes))
        return np.split(images, np.cumsum([len(one.indices) for one in wanted])[:-1])

    def checked(self, wanted: Numbered) -> Numbered:
        """Return a request as it is.

        Raises:
            RequestError: It does not fit the generator.
        """
        label, truncation = wanted.label, wanted.truncation
        if (label is None) != (self.classes == 0) or (label is not None and not 0 <= label < self.classes):
            expected = f"a label from 0 to {self.classes - 1}" if self.classes else "None: it has no classes"
            raise RequestError(f"The label is {label}", expected=expected)
        if not len(wanted.indices) or min(wanted.indices) < 0:
            raise RequestError("The numbers of the images are none, or negative", expected="numbers from 0")
        if not math.isfinite(truncation) or truncation < 0:
            raise RequestError(f"The truncation is {truncation}", expected="a number from 0")
        return wanted

    def _chunk(self, wanted: Numbered, numbers: range) -> NDArray[np.uint8]:
        return from_unit(self._run(self._inputs(wanted, numbers)))

    def _any_chunk(self) -> Inputs:
        """Return the inputs of a chunk whose images differ in noise and class."""
        inputs = dict(self._inputs(Numbered(0 if self.classes else None, range(CHUNK), seed=0), range(CHUNK)))
        return inputs | ({"labels": np.arange(CHUNK) % self.classes} if self.classes else {})

    def _inputs(self, wanted: Numbered, numbers: Sequence[int] | NDArray[np.int64]) -> Inputs:
        noise = noise_of(wanted.seed, wanted.label, numbers, self.about.latent, wanted.truncation)
        if wanted.label is None:
            return {"noise": noise}
        return {"noise": noise, "labels": np.full(len(noise), wanted.label, dtype=np.int64)}

    def _run(self, inputs: Inputs) -> NDArray[np.float32]:
        (images,) = self._model.run(("images",), inputs)
        return images

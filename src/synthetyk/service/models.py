"""The packaged models that a service answers with, found by hash or name."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from synthetyk.core.config import nearest
from synthetyk.core.errors import RequestError, UnknownNameError
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.manifest import MANIFEST
from synthetyk.runtime.package import Package, open_package
from synthetyk.service.settings import ServiceSettings

PIXELS = 2**20  # of all images that one call of a network computes: what lies between its layers takes many times more


def batch_of(shape: tuple[int, int, int], settings: ServiceSettings) -> int:
    """Return how many images ``(C, H, W)`` one call of a network may compute.

    Large batches do not make a network faster, but they let what is done around it for several requests be done at
    once, while the processor still has it at hand.
    """
    return max(1, min(settings.max_batch, PIXELS // (shape[1] * shape[2])))


@dataclass(frozen=True)
class ServedModel:
    """One package that is served.

    Attributes:
        sha256: Of its manifest, which names the hash of each of its files: the model's name in every record.
        name: A short name for people.
        package: What was opened.
        classifier: None if it has none.
        generator: None if it has none.
    """

    sha256: str
    name: str
    package: Package
    classifier: ClassifierSession | None
    generator: GeneratorSession | None

    @classmethod
    def open(cls, path: Path, settings: ServiceSettings) -> Self:
        """Open a package, checked against its manifest."""
        package = open_package(path)
        manifest, threads = package.manifest, settings.threads
        return cls(
            sha256=hashlib.sha256((package.folder / MANIFEST).read_bytes()).hexdigest(),
            name=path.resolve().name,
            package=package,
            classifier=ClassifierSession.open(package, threads=threads) if manifest.classifier else None,
            generator=GeneratorSession.open(
                package, threads=threads, batch=batch_of(manifest.generator.shape, settings)
            )
            if manifest.generator
            else None,
        )


class ServedModels:
    """All models of a service.

    Args:
        models: In the order in which they were named; the first that can do what is asked is the default.
    """

    def __init__(self, models: Iterable[ServedModel]) -> None:
        self._models = tuple(models)

    def __iter__(self) -> Iterator[ServedModel]:
        return iter(self._models)

    def __len__(self) -> int:
        return len(self._models)

    def generator(self, name: str = "") -> tuple[ServedModel, GeneratorSession]:
        """Return a model that draws images, and its generator.

        Args:
            name: As for `find`; empty: the first that has a generator.

        Raises:
            UnknownNameError: There is none of that name.
            RequestError: It has no generator.
        """
        for model in self._asked(name):
            if model.generator:
                return model, model.generator
        raise _lacks("generator", name)

    def classifier(self, name: str = "") -> tuple[ServedModel, ClassifierSession]:
        """Return a model that tells classes, and its classifier; else as `generator`."""
        for model in self._asked(name):
            if model.classifier:
                return model, model.classifier
        raise _lacks("classifier", name)

    def find(self, name: str) -> ServedModel:
        """Return a model by its hash, the first digits of it, or its name.

        Raises:
            UnknownNameError: None, or more than one, is called so.
        """
        found = [each for each in self._models if each.name == name or (name and each.sha256.startswith(name))]
        if len(found) == 1:
            return found[0]
        known = [each.name for each in self._models]
        close = nearest(name, known)
        raise UnknownNameError(
            f"{len(found) or 'No'} models are called {name!r}",
            expected=f"one of {', '.join(known) or 'none: no model is served'}",
            action=f"Did you mean {close!r}" if close else "",
        )

    def _asked(self, name: str) -> tuple[ServedModel, ...]:
        return (self.find(name),) if name else self._models


def _lacks(what: str, name: str) -> RequestError:
    found = f"The model {name!r} has no {what}" if name else f"No model that is served has a {what}"
    return RequestError(found, expected=f"one with a {what}", action="GET /v1/models says what each can do")

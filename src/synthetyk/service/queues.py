"""The queues of a service: one for each network of each model."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from synthetyk.runtime.classifier import ClassifierSession, Prediction
from synthetyk.runtime.generator import Numbered
from synthetyk.service.batching import BatchQueue, Gone
from synthetyk.service.models import ServedModel, ServedModels, batch_of
from synthetyk.service.settings import ServiceSettings

Pixels = NDArray[np.uint8]


class Queues:
    """What is asked of the networks of a service waits here, in one bounded queue for each of them.

    Args:
        models: Whose networks.
        settings: How much may wait, and how many images are computed together.
    """

    def __init__(self, models: ServedModels, settings: ServiceSettings) -> None:
        self._most = {
            model.sha256: batch_of(model.generator.about.shape, settings) for model in models if model.generator
        }
        self._generators = {
            model.sha256: BatchQueue(
                "generator",
                model.generator.sample_all,
                most=self._most[model.sha256],
                room=settings.model_queue,
                weigh=lambda part: len(part.indices),
            )
            for model in models
            if model.generator
        }
        self._classifiers = {
            model.sha256: BatchQueue(
                "classifier",
                Together(model.classifier),
                most=batch_of(model.classifier.about.input.shape, settings),
                room=settings.model_queue,
            )
            for model in models
            if model.classifier
        }

    async def draw(self, model: ServedModel, wanted: Sequence[Numbered], gone: Gone | None = None) -> Pixels:
        """Return the images of a request ``(N, C, H, W)``, those of each class in their order.

        Args:
            model: One with a generator.
            wanted: At least one image of each class, as `GeneratorSession.checked` let them pass.
            gone: Tells whether nobody waits any more.

        Raises:
            OverloadedError: Too many requests wait already.
        """
        parts = [piece for one in wanted for piece in pieces(one, self._most[model.sha256])]
        drawn = await self._generators[model.sha256].ask(parts, gone)
        return drawn[0] if len(drawn) == 1 else np.concatenate(drawn)

    async def classify(
        self, model: ServedModel, images: Sequence[Pixels], gone: Gone | None = None
    ) -> list[Prediction]:
        """Return what a model's classifier says of each image ``(C, H, W)``.

        Args:
            model: One with a classifier.
            images: As it takes them.
            gone: Tells whether nobody waits any more.

        Raises:
            OverloadedError: Too many requests wait already.
        """
        return await self._classifiers[model.sha256].ask(images, gone)

    @property
    def generators_full(self) -> bool:
        """Whether there are generators, and no more requests may wait for any of them."""
        return bool(self._generators) and all(queue.full for queue in self._generators.values())

    @property
    def classifiers_full(self) -> bool:
        """Whether there are classifiers, and no more requests may wait for any of them."""
        return bool(self._classifiers) and all(queue.full for queue in self._classifiers.values())

    async def drain(self) -> None:
        """Take no more requests, and return when those that wait are answered."""
        generators, classifiers = self._generators.values(), self._classifiers.values()
        await asyncio.gather(*(queue.drain() for queue in generators), *(queue.drain() for queue in classifiers))


class Together:
    """A classifier that is asked of several images at once, and answers for each.

    Args:
        classifier: What computes.
    """

    def __init__(self, classifier: ClassifierSession) -> None:
        self._classifier = classifier

    def __call__(self, images: Sequence[Pixels]) -> list[Prediction]:
        """Return a prediction of one image for each."""
        found = self._classifier.predict(np.stack(images))
        return [found.only(index) for index in range(len(images))]


def pieces(wanted: Numbered, most: int) -> list[Numbered]:
    """Return a request in pieces of no more than so many images."""
    if len(wanted.indices) <= most:
        return [wanted]
    starts = range(0, len(wanted.indices), most)
    return [replace(wanted, indices=wanted.indices[start : start + most]) for start in starts]

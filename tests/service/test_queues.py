import asyncio

import numpy as np
import pytest

from synthetyk.core.errors import OverloadedError
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession, Numbered
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.queues import Queues, pieces
from synthetyk.service.settings import ServiceSettings


def scene(package_folder, work, **settings):
    """Run a coroutine function with queues, a model, and the counts of images in each call of its networks."""
    about = ServiceSettings(**settings)
    model = ServedModel.open(package_folder, about)
    calls = []
    for network in (model.generator._model, model.classifier._model):
        network.run = counting(network.run, calls)

    async def run():
        queues = Queues(ServedModels([model]), about)
        return await work(queues, model, calls)

    return asyncio.run(run())


def counting(run, calls):
    def counted(outputs, inputs):
        calls.append(len(next(iter(inputs.values()))))
        return run(outputs, inputs)

    return counted


def test_images_are_the_same_bytes_whatever_else_is_asked_for(package_folder, package):
    alone = GeneratorSession.open(package)
    asked = [Numbered(label, range(first, first + 3), seed) for label in (0, 2) for first in (0, 7) for seed in (1, 2)]

    async def work(queues, model, calls):
        return await asyncio.gather(*(queues.draw(model, [one]) for one in asked)), calls

    together, calls = scene(package_folder, work, max_batch=16)
    for images, one in zip(together, asked, strict=True):
        assert np.array_equal(images, alone.sample(one.label, one.indices, seed=one.seed))
    assert max(calls) > 3, "nothing was computed together"


def test_predictions_do_not_depend_on_company(package_folder, package):
    alone = ClassifierSession.open(package)
    images = list(np.random.default_rng(0).integers(0, 256, (20, *alone.about.input.shape), dtype=np.uint8))

    async def work(queues, model, calls):
        return await asyncio.gather(*(queues.classify(model, [image]) for image in images)), calls

    together, calls = scene(package_folder, work, max_batch=8, model_queue=20)
    assert max(calls) == 8
    for (found,), image in zip(together, images, strict=True):
        expected = alone.predict(image[None])
        for name in ("probabilities", "logits", "activation_maps", "risk"):
            np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-4, atol=1e-5)


def test_a_large_request_is_cut_into_pieces_that_come_back_in_order(package_folder, package):
    async def work(queues, model, calls):
        return await queues.draw(model, [Numbered(1, range(70), 3), Numbered(0, range(2), 3)]), calls

    images, calls = scene(package_folder, work, max_batch=16)
    alone = GeneratorSession.open(package)
    assert np.array_equal(images, np.concatenate([alone.sample(1, range(70), seed=3), alone.sample(0, [0, 1], seed=3)]))
    assert max(calls) <= 16
    assert [len(one.indices) for one in pieces(Numbered(1, range(70), 3), 32)] == [32, 32, 6]


def test_a_full_queue_refuses(package_folder):
    async def work(queues, model, _calls):
        asked = [Numbered(0, [number], 1) for number in range(40)]
        return await asyncio.gather(*(queues.draw(model, [one]) for one in asked), return_exceptions=True)

    found = scene(package_folder, work, model_queue=4)
    refused = [one for one in found if isinstance(one, OverloadedError)]
    assert 0 < len(refused) < 40
    assert all(isinstance(one, np.ndarray | OverloadedError) for one in found)


def test_queues_that_drain_take_no_more(package_folder):
    async def work(queues, model, _calls):
        waiting = asyncio.create_task(queues.draw(model, [Numbered(0, [1], 1)]))
        await asyncio.sleep(0)
        await queues.drain()
        assert waiting.done()
        with pytest.raises(OverloadedError):
            await queues.draw(model, [Numbered(0, [1], 1)])

    scene(package_folder, work)

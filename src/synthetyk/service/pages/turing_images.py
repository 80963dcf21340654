"""The images of a visual Turing test: both are shown alike, so that nothing but what they show tells them apart."""

from collections.abc import Sequence

from synthetyk.core.errors import RequestError
from synthetyk.data.pixels import DepthRule
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.manifest import InputContract
from synthetyk.runtime.preprocess import prepare
from synthetyk.service.context import Service
from synthetyk.service.drawing import DrawingRequest, plan
from synthetyk.service.models import ServedModel
from synthetyk.service.pages.turing_trial import Pair, Side, Trial
from synthetyk.service.png import png_of
from synthetyk.service.prediction import lane_of
from synthetyk.store.record import Wanted

REALS = 200  # of each class, the latest, from which a trial draws


def real_images(service: Service, label: str, before: int, model: str) -> dict[str, Sequence[str]]:
    """Return the real images that a trial may show, by class.

    Args:
        service: Has store and models.
        label: Of all pairs; empty: every class of the generator.
        before: Stored earlier than this, milliseconds since 1970 in UTC.
        model: Of the generator.
    """
    _, generator = service.models.generator(model)
    labels = [label] if label or not generator.classes else list(generator.about.class_names)
    found = {each: _reals(service, each, before) for each in labels}
    return {each: ids for each, ids in found.items() if ids}


def _reals(service: Service, label: str, before: int) -> Sequence[str]:
    wanted = Wanted(origin="real", label=label or None, before=before)
    return [record.id for record in service.store.page(wanted, limit=REALS).records]


async def shown(service: Service, trial: Trial, pair: Pair, side: Side) -> bytes:
    """Return the image on one side of a pair as a PNG: both have the generator's size, and no other trace of a file."""
    model, generator = service.models.generator(trial.model)
    if side == pair.real_side:
        image = await service.threads.store.run(service.store.record, pair.real)
        return await lane_of(service, [image]).run(_real, service, pair.real, contract_of(model, generator))
    asked = DrawingRequest(model=trial.model, label=pair.label, first=pair.number, seed=trial.seed)
    (drawn,) = await service.queues.draw(model, plan(asked, generator).wanted)
    return png_of(drawn)


def _real(service: Service, image: str, contract: InputContract) -> bytes:
    return png_of(prepare(service.store.read(image), contract, max_pixels=service.settings.max_pixels))


def contract_of(model: ServedModel, generator: GeneratorSession) -> InputContract:
    """Return how real images are brought to the shape of synthetic ones: as the training images were, if that is known.

    Raises:
        RequestError: The generator's images have another number of channels than real ones can be given.
    """
    about, shape = model.package.manifest.classifier, generator.about.shape
    if about and about.input.shape == shape:
        return about.input
    if shape[0] not in (1, 3):
        raise RequestError(f"The generator's images have {shape[0]} channels", expected="1 or 3")
    return InputContract(shape=shape, depth_rule=DepthRule(bits=8, text="8 bits: kept as they are"), fit="stretch")

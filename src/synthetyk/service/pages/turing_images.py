"""The images of a visual Turing test: both are shown alike, so that nothing but what they show tells them apart."""

from collections.abc import Iterable, Sequence

from synthetyk.core.errors import RequestError
from synthetyk.data.pixels import DepthRule
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.manifest import InputContract
from synthetyk.service.context import Service
from synthetyk.service.drawing import DrawingRequest, plan
from synthetyk.service.models import ServedModel
from synthetyk.service.pages.classify import as_taken
from synthetyk.service.pages.turing_trial import Pair, Trial
from synthetyk.service.png import data_uri, png_of
from synthetyk.service.prediction import lane_of
from synthetyk.store.record import Wanted
from synthetyk.store.store import ImageStore

REALS = 200  # of each class, the latest, from which a trial draws


def real_images(store: ImageStore, labels: Iterable[str], before: int) -> dict[str, Sequence[str]]:
    """Return the real images that a trial may show, by class; of a class without any nothing.

    Args:
        store: Holds them.
        labels: Classes; an empty one: every image.
        before: Stored earlier than this, milliseconds since 1970 in UTC.
    """
    found = {each: _reals(store, each, before) for each in labels}
    return {each: ids for each, ids in found.items() if ids}


def _reals(store: ImageStore, label: str, before: int) -> Sequence[str]:
    wanted = Wanted(origin="real", label=label or None, before=before)
    return [record.id for record in store.page(wanted, limit=REALS).records]


def labels_of(label: str, generator: GeneratorSession) -> Sequence[str]:
    """Return the classes of a trial's pairs: the chosen one, or all of a generator; an empty one if it has none."""
    return [label] if label or not generator.classes else list(generator.about.class_names)


async def shown(service: Service, trial: Trial, pair: Pair) -> list[str]:
    """Return the left and the right image as PNGs in data URIs: both have the generator's size, and no trace of a file.

    They come with the page, so that neither an address nor the time that one takes to arrive tells which is which.
    """
    model, generator = service.models.generator(trial.model)
    image = await service.threads.store.run(service.store.record, pair.real)
    real = await lane_of(service, [image]).run(as_taken, service, pair.real, contract_of(model, generator))
    asked = DrawingRequest(model=trial.model, label=pair.label, first=pair.number, seed=trial.seed)
    (drawn,) = await service.queues.draw(model, plan(asked, generator).wanted)
    both = (real, png_of(drawn))
    return [data_uri(png) for png in (both if pair.real_side == "left" else both[::-1])]


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

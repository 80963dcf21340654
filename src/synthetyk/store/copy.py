"""Copies a store into another: what is there already is left alone, and every image is read back."""

from collections.abc import Iterator
from dataclasses import dataclass

from synthetyk.core.errors import DamagedImageError, ImageNotFoundError
from synthetyk.core.progress import Progress, silent
from synthetyk.store.record import ImageRecord, Wanted
from synthetyk.store.store import LONGEST_PAGE, ImageStore


@dataclass(frozen=True)
class Copied:
    """What a copy did.

    Attributes:
        images: Images copied now.
        present: Images that were there before, byte for byte.
        predictions: Predictions handed over.
        events: Events handed over.
        damaged: Ids of images that could not be read whole from the source: they are not in the copy.
    """

    images: int
    present: int
    predictions: int
    events: int
    damaged: tuple[str, ...]


def copy_store(source: ImageStore, target: ImageStore, *, progress: Progress = silent) -> Copied:
    """Copy every image, prediction and event; one that was stopped goes on where it was.

    Images that are deleted meanwhile are left out; those stored meanwhile may be missed.

    Args:
        source: Is only read.
        target: Receives what it lacks, and what it holds but cannot read any more.
        progress: Told after each image.

    Raises:
        DamagedImageError: The target does not give back what it was given.
        StoreUnavailableError: One of the two cannot be reached.
    """
    total = sum(1 for _ in every_image(source))
    copied, present, predictions, damaged = 0, 0, 0, list[str]()
    for done, record in enumerate(every_image(source), start=1):
        try:
            if holds(target, record.id):
                present += 1
            elif (data := _whole(source, record.id)) is not None:
                _hand_over(data, record, target)
                copied += 1
            else:
                damaged.append(record.id)
                continue
            predictions += _copy_predictions(source, target, record.id)
        except ImageNotFoundError:  # deleted meanwhile
            continue
        finally:
            progress(done, max(done, total))
    return Copied(copied, present, predictions, _copy_events(source, target), tuple(damaged))


def every_image(store: ImageStore) -> Iterator[ImageRecord]:
    """Yield the record of every image, the latest first."""
    after: str | None = None
    while True:
        page = store.page(Wanted(), limit=LONGEST_PAGE, after=after)
        yield from page.records
        if page.after is None:
            return
        after = page.after


def holds(store: ImageStore, image: str) -> bool:
    """Tell whether a store holds an image whole."""
    try:
        store.read(image)
    except (ImageNotFoundError, DamagedImageError):
        return False
    return True


def _whole(store: ImageStore, image: str) -> bytes | None:
    try:
        return store.read(image)
    except DamagedImageError:
        return None


def _hand_over(data: bytes, record: ImageRecord, target: ImageStore) -> None:
    """Store an image where it is missing or damaged; what was said of it there stays."""
    try:
        said = target.predictions(record.id)
        target.delete(record.id)
    except ImageNotFoundError:
        said = ()
    target.put(data, record.about, created=record.created)
    if target.read(record.id) != data:
        raise DamagedImageError.of(record.id)
    for prediction in said:
        target.put_prediction(prediction)


def _copy_predictions(source: ImageStore, target: ImageStore, image: str) -> int:
    said = source.predictions(image)
    for prediction in said:
        target.put_prediction(prediction)
    return len(said)


def _copy_events(source: ImageStore, target: ImageStore) -> int:
    """Hand over every event, also those that are there already: they are the same."""
    count = 0
    for kind in source.event_kinds():
        after: str | None = None
        while True:
            page = source.events(kind, limit=LONGEST_PAGE, after=after)
            target.put_event(*page.events)
            count += len(page.events)
            if page.after is None:
                break
            after = page.after
    return count

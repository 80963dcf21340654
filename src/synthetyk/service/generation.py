"""Images are drawn for a request, kept if wanted, and it is recorded that they were drawn."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from synthetyk.service.batching import Gone
from synthetyk.service.context import Service
from synthetyk.service.drawing import Drawing, DrawingRequest, Pixels, plan
from synthetyk.service.png import png_of
from synthetyk.store.record import Event, NewImage, now

GENERATION = "generation"  # kind of the events


@dataclass(frozen=True)
class Made:
    """Images that were drawn.

    Attributes:
        id: Of the event that records it.
        model: Hash of the model.
        asked: The request.
        drawing: What it came to.
        images: ``(N, C, H, W)``, in the order of the request.
        stored: Ids of the images, if they are kept.
    """

    id: str
    model: str
    asked: DrawingRequest
    drawing: Drawing
    images: Pixels
    stored: tuple[str, ...] = ()

    @property
    def about(self) -> dict[str, Any]:
        """What is said of all images together."""
        return {
            "model": self.model,
            "generation": self.id,
            "seed": self.drawing.seed,
            "truncation": self.asked.truncation,
        }

    @property
    def each(self) -> list[dict[str, Any]]:
        """Class, number and seed of every image, and its id if it is kept."""
        seed = self.drawing.seed
        rows: list[dict[str, Any]] = [
            {"class": name, "index": number, "seed": seed} for name, number in self.drawing.images
        ]
        return [row | {"id": image} for row, image in zip(rows, self.stored, strict=True)] if self.stored else rows


async def make(service: Service, asked: DrawingRequest, gone: Gone | None = None) -> Made:
    """Draw images; once this returns, it is recorded that they were drawn, and those that were to be kept are.

    Args:
        service: Has the models.
        asked: Which images.
        gone: Tells whether nobody waits for them any more.

    Raises:
        UnknownNameError: There is no such model.
        RequestError: The request does not fit it.
        OverloadedError: Too many requests wait already.
        StoreUnavailableError: It cannot be recorded.
    """
    service.recorder.check()
    model, generator = service.models.generator(asked.model)
    drawing = plan(asked, generator)
    drawn = await service.queues.draw(model, drawing.wanted, gone)
    made = Made(uuid4().hex, model.sha256, asked, drawing, drawing.in_order(drawn))
    if asked.store:
        made = replace(made, stored=await service.threads.store.run(_keep, service, made))
    await service.recorder.record(_event(made))
    return made


def _keep(service: Service, made: Made) -> tuple[str, ...]:
    """Store the images; return their ids."""
    _, channels, height, width = made.images.shape
    plain = NewImage(
        media_type="image/png", width=width, height=height, channels=channels, origin="synthetic", model=made.model
    )
    records = [
        service.store.put(
            png_of(image), plain.replace(label=row["class"], details={**made.about, "index": row["index"]})
        )
        for image, row in zip(made.images, made.each, strict=True)
    ]
    new = sum(record.details.get("generation") == made.id for record in records)
    service.telemetry.images.labels("synthetic").inc(new)
    return tuple(record.id for record in records)


def _event(made: Made) -> Event:
    """Return the record of what was drawn: enough to draw it again."""
    details = {
        "model": made.model,
        "seed": made.drawing.seed,
        "truncation": made.asked.truncation,
        "label": made.asked.label,
        "balanced": made.asked.balanced,
        "first": made.asked.first,
        "count": made.asked.count,
        "classes": made.drawing.counts,
        "images": list(made.stored),
    }
    return Event(kind=GENERATION, id=made.id, created=now(), details=details)

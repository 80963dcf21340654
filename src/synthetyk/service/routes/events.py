"""``/v1/events``: what has happened, for example what was generated."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.service.context import TheService
from synthetyk.store.record import Event
from synthetyk.store.store import EVENT_CURSOR, LONGEST_PAGE

EventKind = Literal["generation", "turing"]

router = APIRouter(prefix="/v1/events", tags=["events"])


class EventListing(Config):
    """Which part of a list of events.

    Attributes:
        limit: Events at most.
        after: What the part before ended with.
    """

    limit: int = Field(default=100, ge=1, le=LONGEST_PAGE)
    after: str | None = Field(default=None, pattern=f"^{EVENT_CURSOR}$")


class Events(Config):
    """A part of a list of events.

    Attributes:
        events: The latest first.
        after: What to ask the next part with; None if this is the last.
    """

    events: list[Event]
    after: str | None


@router.get("/{kind}")
async def list_events(service: TheService, kind: EventKind, asked: Annotated[EventListing, Query()]) -> Events:
    """Return a part of the list of events of a kind, the latest first."""
    page = await service.threads.store.run(service.store.events, kind, limit=asked.limit, after=asked.after)
    return Events(events=list(page.events), after=page.after)

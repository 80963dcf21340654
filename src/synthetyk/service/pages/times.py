"""Moments, as people read them and as forms send them."""

from datetime import UTC, datetime, timedelta

from synthetyk.core.errors import RequestError


def day_and_time(milliseconds: int) -> str:
    """Return a moment as ``2026-03-01 14:05 UTC``."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def start_of(day: str, *, days: int = 0) -> int | None:
    """Return when a day begins, in milliseconds since 1970 in UTC; None for an empty text.

    Args:
        day: ``2026-03-01``, as a form sends it.
        days: So many days later.

    Raises:
        RequestError: It is no day.
    """
    if not day:
        return None
    try:
        moment = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=days)
    except (ValueError, OverflowError) as error:
        raise RequestError("What was given as a day is no day", expected="one such as 2026-03-01") from error
    return int(moment.timestamp() * 1000)

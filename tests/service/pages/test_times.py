import pytest

from synthetyk.core.errors import RequestError
from synthetyk.service.pages.times import day_and_time, start_of


def test_a_day_begins_at_midnight_in_utc():
    assert start_of("2026-03-01") == 1772323200000
    assert day_and_time(start_of("2026-03-01")) == "2026-03-01 00:00 UTC"
    assert start_of("2026-03-01", days=1) - start_of("2026-03-01") == 24 * 3600 * 1000
    assert start_of("") is None


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "2026-03-01T00:00", "9999-12-31"])
def test_what_is_no_day_is_refused(day):
    with pytest.raises(RequestError, match="is no day"):
        start_of(day, days=1)

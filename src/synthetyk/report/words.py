"""How numbers are said."""

import math
from typing import Protocol

NONE = "–"


class IntervalLike(Protocol):
    """A value with the ends of its 95% interval."""

    @property
    def value(self) -> float:
        """Best estimate."""
        ...

    @property
    def low(self) -> float:
        """Lower end."""
        ...

    @property
    def high(self) -> float:
        """Upper end."""
        ...


def number(value: float | None, digits: int = 3) -> str:
    """Write a number with `digits` significant digits, without exponent where that stays short."""
    if value is None or not math.isfinite(value):
        return NONE
    if value == 0 or 1e-6 <= abs(value) < 1e6:
        decimals = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
        return _minus(f"{value:,.{decimals}f}")
    return _minus(f"{value:.{digits - 1}e}")


def plus_minus(mean: float, std: float) -> str:
    """Write a mean with its standard deviation, both to the second digit of the deviation."""
    if std <= 0:
        return number(mean)
    decimals = max(0, 1 - math.floor(math.log10(std)))
    return f"{_minus(f'{mean:,.{decimals}f}')} ± {std:,.{decimals}f}"


def score(value: float | None) -> str:
    """Write a score from 0 to 1 with three decimals."""
    return NONE if value is None or not math.isfinite(value) else _minus(f"{value:.3f}")


def signed(value: float) -> str:
    """Write a difference of scores with its sign."""
    return _minus(f"{value:+.3f}") if abs(value) >= 0.0005 else "0.000"


def percent(value: float | None) -> str:
    """Write a share as a percentage."""
    return NONE if value is None or not math.isfinite(value) else f"{value:.1%}"


def count(value: int) -> str:
    """Write a count with thousands set apart."""
    return f"{value:,}"


def images(value: int) -> str:
    """Write a number of images."""
    return f"{value:,} image{'s' * (value != 1)}"


def spread(low: float, high: float) -> str:
    """Write a 95% interval of scores."""
    return f"{score(low)}–{score(high)}"


def duration(seconds: float) -> str:
    """Write seconds the way people say them, for example ``2 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{seconds:.1f} s" if seconds < 10 else f"{rest} s"


def _minus(text: str) -> str:
    """Use the sign that is as wide as a plus."""
    return text.replace("-", "−")

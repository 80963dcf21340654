"""What rows of a compression are called: a variant of the network, a precision of its numbers, or both with a plus."""

from dataclasses import dataclass
from typing import Literal, get_args

from synthetyk.core.config import nearest

Precision = Literal["fp32", "fp16", "bf16", "int8"]
Variant = Literal["original", "magnitude", "channels", "distilled", "narrow"]

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
VARIANTS: tuple[Variant, ...] = get_args(Variant)
TRAINED = ("channels", "distilled", "narrow")  # variants that are nothing without training
# How many times the planned steps a variant is trained: what begins from nothing needs more than what is trained on.
EFFORTS: dict[Variant, int] = {"magnitude": 1, "channels": 1, "distilled": 3, "narrow": 3}
DEFAULT_ROWS = (
    *("fp16", "bf16", "int8", "magnitude", "channels", "channels+int8"),
    *("distilled", "distilled+int8", "narrow", "narrow+int8"),
)
QUICK_ROWS = ("fp16", "bf16", "int8", "magnitude")  # those that need no training
GENERATOR_ROWS = ("fp16", "bf16", "int8")
ORIGINAL = "fp32"

PRECISION_WORDS: dict[Precision, str] = {
    "fp32": "32 bits",
    "fp16": "weights stored in 16 bits (fp16), computed in 32",
    "bf16": "weights stored in 16 bits (bf16), computed in 32",
    "int8": "weights and activations in 8 bits",
}


@dataclass(frozen=True)
class RowName:
    """A row's name, taken apart.

    Attributes:
        variant: Of the network.
        precision: Of its numbers.
    """

    variant: Variant
    precision: Precision

    @classmethod
    def parse(cls, name: str) -> "RowName":
        """Take a name apart.

        Raises:
            ValueError: There is no such row; the nearest right name is said.
        """
        known = row_names()
        if name not in known:
            close = nearest(name, known)
            raise ValueError(f"rows such as {close or 'int8'!r}; there is none called {name!r}")
        return known[name]

    def __str__(self) -> str:
        if self.variant == "original":
            return self.precision
        return self.variant if self.precision == "fp32" else f"{self.variant}+{self.precision}"


def row_names() -> dict[str, RowName]:
    """Return every row that there can be, by its name."""
    every = [RowName(variant, precision) for variant in VARIANTS for precision in PRECISIONS]
    return {str(row): row for row in every}


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names without the original's, which always is there.

    Raises:
        ValueError: A name is unknown, or stands there twice.
    """
    for name in names:
        RowName.parse(name)
    if len(set(names)) < len(names):
        raise ValueError("every row once")
    return tuple(name for name in names if name != ORIGINAL)

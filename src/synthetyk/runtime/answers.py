"""What a packaged model answers through MLflow: one row for each image."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from synthetyk.runtime.classifier import Prediction
from synthetyk.runtime.requests import png_text

Row = dict[str, Any]


def predicted(found: Prediction, names: Sequence[str], *, maps: bool) -> list[Row]:
    """Return what a classifier says: ``class``, ``probability``, ``probabilities`` by class, ``risk``.

    Args:
        found: Of N images.
        names: Of the classes.
        maps: Whether to add ``activation_maps`` by class.
    """
    return [_predicted(found, index, names, maps=maps) for index in range(len(found.probabilities))]


def drawn(label: str, number: int, seed: int, image: NDArray[np.uint8]) -> Row:
    """Return what a generator drew: ``class``, ``index``, ``seed``, and ``image``, a PNG in base64.

    Args:
        label: Name of the class; empty for a generator without classes.
        number: Of the image within its class.
        seed: Of all images.
        image: uint8 ``(C, H, W)``.
    """
    return {"class": label, "index": number, "seed": seed, "image": png_text(image)}


def _predicted(found: Prediction, index: int, names: Sequence[str], *, maps: bool) -> Row:
    probabilities = found.probabilities[index].tolist()
    best = int(found.probabilities[index].argmax())
    row: Row = {
        "class": names[best],
        "probability": probabilities[best],
        "probabilities": dict(zip(names, probabilities, strict=True)),
        "risk": None if found.risk is None else float(found.risk[index]),
    }
    if maps:
        row["activation_maps"] = dict(zip(names, found.activation_maps[index].tolist(), strict=True))
    return row

"""A contact sheet straight from a source: what a data set looks like before anything is decided."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from PIL import Image

from synthetyk.core import seeding
from synthetyk.data.contact_sheet import contact_sheet
from synthetyk.data.fingerprint import Inspection
from synthetyk.data.pixels import fit, to_uint8

TILE = 96  # pixels


def preview(inspection: Inspection, *, per_class: int = 10, seed: int = 0) -> Image.Image:
    """Draw one labelled row of random images for each class, each brought into a square by a border.

    Patients and files take turns: no patient is shown twice, and no file with several frames, before each was once.

    Args:
        inspection: The data set.
        per_class: Images in a row.
        seed: Which images.
    """
    table, found = inspection.table, inspection.fingerprint
    places = {key: place for place, key in enumerate(table.keys.tolist())}
    groups = dict(zip(places, table.groups.tolist(), strict=True))
    items = {image.item.key: image.item for image in inspection.scan.images}
    channels: Literal[1, 3] = 3 if 3 in found.pixels.channels else 1
    rows, names = [], []
    for name in found.classes.counts:
        keys = table.keys[table.labels == name]
        shuffled = keys[seeding.generator(seed, f"data/preview/{name}").permutation(len(keys))].tolist()
        chosen = _round_robin(_round_robin(shuffled, _file), lambda key: groups[key] or _file(key))[:per_class]
        raws = (inspection.source.read(items[key]) for key in sorted(chosen, key=places.__getitem__))
        stored = [to_uint8(raw, found.pixels.depth_rule) for raw in raws]
        tiles = [fit(pixels, size=(TILE, TILE), channels=channels, mode="pad") for pixels in stored]
        blank = [np.full((channels, TILE, TILE), 255, dtype=np.uint8)] * (per_class - len(tiles))
        rows += tiles + blank
        names.append(name or "no label")
    return contact_sheet(np.stack(rows), columns=per_class, scale=1, captions=names)


def _round_robin(keys: Iterable[str], owner: Callable[[str], str]) -> list[str]:
    """Order keys so that each owner has its first before any has its second; otherwise their order stays."""
    turns = Counter[str]()
    turn = {}
    for key in keys:
        turn[key] = turns[owner(key)]
        turns[owner(key)] += 1
    return sorted(turn, key=turn.__getitem__)


def _file(key: str) -> str:
    """Return the key of the file that a frame is from."""
    return key.rpartition("#")[0] or key

from dataclasses import replace

import numpy as np
import pytest

from synthetyk.data import digest
from synthetyk.data.dataset import Subset
from synthetyk.data.digest import hash_images

ROWS = np.arange(5)
PART = Subset(np.random.default_rng(0).integers(0, 256, (5, 1, 4, 4), dtype=np.uint8), ROWS, ROWS % 2, ROWS, ("a", "b"))


@pytest.mark.parametrize(
    "changed",
    [replace(PART, images=PART.images ^ np.uint8(1)), replace(PART, labels=1 - PART.labels), PART.select(ROWS[1:])],
)
def test_every_pixel_and_label_changes_the_hash(changed):
    assert hash_images(PART.class_names, [changed]) != hash_images(PART.class_names, [PART])


def test_class_names_change_the_hash():
    assert hash_images(("a", "c"), [PART]) != hash_images(("a", "b"), [PART])


def test_the_hash_does_not_depend_on_the_pieces(monkeypatch):
    whole = hash_images(PART.class_names, [PART])
    monkeypatch.setattr(digest, "BLOCK", 2)
    assert hash_images(PART.class_names, [PART]) == whole

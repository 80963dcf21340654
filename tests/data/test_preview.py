import dataclasses

import numpy as np
import pytest
from PIL import Image

from synthetyk.data.contact_sheet import GUTTER
from synthetyk.data.fingerprint import inspect
from synthetyk.data.preview import TILE, preview


def tiles(sheet: Image.Image, columns: int) -> np.ndarray:
    """The tiles of a sheet ``(rows, columns, TILE, TILE, 3)``, captions left out."""
    step = TILE + GUTTER
    pixels = np.asarray(sheet)[GUTTER:, sheet.width - columns * step :]
    rows = len(pixels) // step
    return pixels.reshape(rows, step, columns, step, 3).swapaxes(1, 2)[:, :, :TILE, :TILE]


def test_every_class_has_a_row_with_its_images():
    inspection = inspect("phantom:n=12,size=96,balance=8/3/1")
    shown = tiles(preview(inspection, per_class=4), 4)
    drawn = {item.key: inspection.source.read(item).pixels for item in inspection.source.items()}
    for row, name in enumerate(("benign", "malignant", "normal")):
        own = [drawn[key] for key in inspection.table.keys[inspection.table.labels == name].tolist()]
        for tile in shown[row]:
            assert (tile == 255).all() or any(np.array_equal(tile[..., :1], image) for image in own)
    filled = (shown != 255).any(axis=(2, 3, 4)).sum(axis=1)
    assert filled.tolist() == [3, 1, 4]


def test_only_the_images_that_are_shown_are_decoded():
    inspection = inspect("phantom:n=60,size=16")
    read = []

    class Counting:
        items = inspection.source.items

        def read(self, item):
            read.append(item.key)
            return inspection.source.read(item)

    preview(dataclasses.replace(inspection, source=Counting()), per_class=2)
    assert len(read) == 6


def test_images_are_read_in_the_order_of_the_source():
    inspection = inspect("phantom:n=60,size=16,balance=1/0/0")
    read = []

    class Counting:
        def read(self, item):
            read.append(item.key)
            return inspection.source.read(item)

    preview(dataclasses.replace(inspection, source=Counting()), per_class=10)
    assert read == sorted(read) and len(read) == 10


@pytest.mark.parametrize("colour", [False, True])
def test_a_set_without_labels_keeps_its_aspect_ratio_and_colour(tmp_path, colour):
    shape = (32, 64, 3) if colour else (32, 64)
    Image.fromarray(np.full(shape, 200, np.uint8)).save(tmp_path / "1.png")
    pixels = np.full(shape, 100, np.uint8)
    pixels[..., -1] = 90
    Image.fromarray(pixels).save(tmp_path / "2.png")
    shown = tiles(preview(inspect(str(tmp_path)), per_class=2), 2)
    assert shown.shape[:2] == (1, 2)
    assert (shown[0, :, : TILE // 4 - 1] == 0).all() and (shown[0, 0, TILE // 2] == 200).all()
    assert (shown[0, 1, TILE // 2, 5] == ([100, 100, 90] if colour else [100] * 3)).all()


def shown_keys(inspection, per_class):
    """The keys of the images that a preview reads."""
    read = []

    class Counting:
        def read(self, item):
            read.append(item.key)
            return inspection.source.read(item)

    preview(dataclasses.replace(inspection, source=Counting()), per_class=per_class)
    return read


@pytest.fixture
def frames(tmp_path, make_dicom):
    """Return a function that writes a DICOM file of some frames of noise for a patient."""

    def write(name, count, patient):
        noise = np.random.default_rng(len(name)).integers(0, 255, (8 * count, 8), dtype=np.uint8)
        data = make_dicom(noise, Rows=8, NumberOfFrames=count, PatientID=patient)
        (tmp_path / f"{name}.dcm").write_bytes(data)

    return write


def test_patients_take_turns_however_many_frames_they_have(tmp_path, frames):
    for name, count in (("a", 30), ("bb", 2), ("ccc", 2), ("dddd", 2)):
        frames(name, count, patient=name)
    inspection = inspect(str(tmp_path))
    assert sorted(key[0] for key in shown_keys(inspection, 4)) == ["a", "b", "c", "d"]
    assert sorted(key[0] for key in shown_keys(inspection, 10)) == [*"aaaabbccdd"]


def test_files_of_one_patient_take_turns(tmp_path, frames):
    for name, count in (("a", 30), ("bb", 1), ("ccc", 1)):
        frames(name, count, patient="the same")
    assert sorted(key[0] for key in shown_keys(inspect(str(tmp_path)), 3)) == ["a", "b", "c"]


def test_the_choice_is_the_same_each_time(tmp_path, frames):
    frames("a", 30, patient="1")
    frames("bb", 30, patient="2")
    inspection = inspect(str(tmp_path))
    assert shown_keys(inspection, 6) == shown_keys(inspection, 6)

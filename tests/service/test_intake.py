import asyncio

import numpy as np
import pytest

from synthetyk.core.errors import DecodeError, ImageTooLargeError, OverloadedError, RequestError, StoreUnavailableError
from synthetyk.data.decode import MAX_PIXELS
from synthetyk.service.intake import examine, keep, receive
from synthetyk.store.contract import PNG


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP"])
def test_an_image_is_told_by_its_content(encode, kind):
    about = examine(encode(np.zeros((4, 6, 3), np.uint8), kind), max_pixels=24)
    assert (about.media_type, about.width, about.height, about.channels) == (f"image/{kind.lower()}", 6, 4, 3)
    assert about.details == {"bits": 8, "mode": "RGB"}


def test_dicom_is_read_in_its_process_and_tells_no_patient(make_dicom):
    about = examine(make_dicom(np.arange(24, dtype=np.uint16).reshape(4, 6)), max_pixels=MAX_PIXELS)
    assert (about.media_type, about.width, about.height, about.channels) == ("application/dicom", 6, 4, 1)
    assert about.details["frames"] == 1
    assert "Secret" not in about.model_dump_json()


def test_the_header_is_asked_before_anything_is_decoded(store, png_bomb, monkeypatch):
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageTooLargeError):
        keep(store, png_bomb, max_pixels=MAX_PIXELS)
    assert not store._images


@pytest.mark.parametrize("data", [b"<html>", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(200), bytes(128) + b"DICM"])
def test_what_cannot_be_decoded_is_not_stored(store, data):
    with pytest.raises(DecodeError):
        keep(store, data, max_pixels=MAX_PIXELS)
    assert not store._images


def test_hostile_dicom_leaves_the_service_alive(store, nested, make_dicom):
    with pytest.raises(DecodeError):
        keep(store, nested(20_000), max_pixels=MAX_PIXELS)
    assert keep(store, make_dicom(np.zeros((4, 4), np.uint8)), max_pixels=MAX_PIXELS)[1]


def test_an_image_that_is_there_is_not_decoded_again(store, monkeypatch):
    first = store.put(b"stored by an earlier version", PNG)
    assert keep(store, b"stored by an earlier version", max_pixels=1) == (first, False)


def test_a_new_image_is_counted_and_one_that_was_there_is_not(app, png):
    service = app.state.service

    async def twice():
        return [await receive(service, png, label="normal", origin="synthetic") for _ in range(2)]

    (first, new), (second, again) = asyncio.run(twice())
    assert (first, new, again) == (second, True, False)
    assert (first.label, first.origin) == ("normal", "synthetic")
    assert 'synthetyk_images_stored_total{origin="synthetic"} 1.0' in service.telemetry.told().decode()


def test_a_label_without_end_is_refused(app, png):
    with pytest.raises(RequestError, match="201 characters"):
        asyncio.run(receive(app.state.service, png, label="x" * 201))


def test_a_store_that_takes_nothing_is_told(app, png, monkeypatch):
    def refuse(*_args, **_options):
        raise StoreUnavailableError("full")

    monkeypatch.setattr(app.state.service.store, "put", refuse)
    with pytest.raises(StoreUnavailableError):
        asyncio.run(receive(app.state.service, png))


def test_only_so_many_may_wait(app, png, monkeypatch):
    monkeypatch.setattr(app.state.service.threads.images, "_queue", 0)
    with pytest.raises(OverloadedError):
        asyncio.run(receive(app.state.service, png))

import pytest

from synthetyk.store.contract import DRAWN, PNG
from synthetyk.store.record import ImageRecord, Wanted, image_id, now


def test_an_id_is_the_hash_of_the_bytes():
    assert image_id(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_record_keeps_what_was_known_and_adds_id_size_and_time():
    before = now()
    record = ImageRecord.of(b"abc", DRAWN)
    assert record.about == DRAWN
    assert (record.id, record.size) == (image_id(b"abc"), 3)
    assert before <= record.created <= now()


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(origin="real"), True),
        (Wanted(origin="synthetic"), False),
        (Wanted(label="benign"), False),
        (Wanted(before=100), False),
        (Wanted(before=101, since=100), True),
        (Wanted(since=101), False),
    ],
)
def test_an_image_is_wanted_if_everything_asked_for_fits(wanted, fits):
    assert wanted.fits(ImageRecord.of(b"a", PNG, created=100)) == fits

import shutil

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from synthetyk.core.errors import DecodeError, ImageTooLargeError
from synthetyk.data.cache import build_cache
from synthetyk.data.fingerprint import inspect
from synthetyk.data.source import SourceOptions
from synthetyk.runtime.manifest import InputContract
from synthetyk.runtime.preprocess import prepare


def drawn(height=40, width=30):
    return np.random.default_rng(5).integers(0, 256, (height, width), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path):
    """One image of each kind that a data set may hold, of different sizes."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    Image.fromarray(drawn()).save(tmp_path / "a/grey.png")
    Image.fromarray(drawn()).resize((51, 33)).save(tmp_path / "a/lossy.jpg", quality=80)
    Image.fromarray(np.stack([drawn(), drawn()[::-1], drawn()], axis=2)).save(tmp_path / "b/colour.bmp")
    Image.fromarray(drawn().astype(np.uint16) * 16).save(tmp_path / "b/deep.tiff")
    shutil.copy(get_testdata_file("CT_small.dcm"), tmp_path / "b/slice.dcm")
    return tmp_path


@pytest.mark.parametrize("fit", ["stretch", "pad", "crop"])
def test_bytes_become_the_very_pixels_that_models_are_trained_on(folder, tmp_path_factory, fit):
    found = inspect(str(folder), SourceOptions())
    rule = found.fingerprint.pixels.depth_rule
    assert rule.bits == 12
    cache = tmp_path_factory.mktemp("cache")
    dataset = build_cache(found.source, found.table, rule, cache, size=(28, 24), channels=1, fit=fit)
    contract = InputContract(shape=(1, 28, 24), depth_rule=rule, fit=fit)
    assert len(dataset) == 5
    for key, image in zip(dataset.keys, dataset.images[:], strict=True):
        assert np.array_equal(prepare((folder / str(key)).read_bytes(), contract), image), key


def contract(channels=1):
    return InputContract.parse({"shape": (channels, 8, 8), "depth_rule": {"bits": 8, "text": ""}, "fit": "stretch"})


def test_channels_are_as_the_contract_has_them(folder):
    data = (folder / "b/colour.bmp").read_bytes()
    assert prepare(data, contract(3)).shape == (3, 8, 8)
    assert prepare(data, contract(1)).shape == (1, 8, 8)


def test_what_is_no_image_says_why(folder):
    with pytest.raises(DecodeError, match="no image") as caught:
        prepare(b"hello", contract())
    assert caught.value.kind == "not_an_image"


def test_a_larger_image_than_allowed_is_not_decoded(folder):
    with pytest.raises(ImageTooLargeError):
        prepare((folder / "a/grey.png").read_bytes(), contract(), max_pixels=100)


def test_a_frame_that_is_not_there_is_refused(folder):
    with pytest.raises(DecodeError, match="no frame 1"):
        prepare((folder / "b/slice.dcm").read_bytes(), contract(), frame=1)

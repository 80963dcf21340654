import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.runtime.tiny import contract

from synthetyk.core.errors import ConfigError, DecodeError, RequestError
from synthetyk.runtime.requests import MOST, RequestParams, images_of, png_text

PIXELS = np.random.default_rng(0).integers(0, 256, (2, 1, 8, 8), dtype=np.uint8)


def png(image):
    stream = io.BytesIO()
    Image.fromarray(image[0]).save(stream, "PNG")
    return stream.getvalue()


FILES = [png(image) for image in PIXELS]
TEXTS = [base64.b64encode(data).decode() for data in FILES]


@pytest.mark.parametrize(
    "given",
    [
        PIXELS,
        PIXELS[:, 0],
        PIXELS.astype(np.int64),
        PIXELS.tolist(),
        list(PIXELS),
        FILES,
        TEXTS,
        np.array(TEXTS),
        [f"data:image/png;base64,{text}" for text in TEXTS],
        pd.DataFrame({"image": FILES}),
        pd.DataFrame({"image": TEXTS, "other": [1, 2]}),
        pd.DataFrame({"image": list(PIXELS)}),
        {"image": TEXTS},
        {"image": np.array(TEXTS)},
    ],
    ids=lambda given: type(given).__name__,
)
def test_images_may_come_in_many_forms(given):
    assert np.array_equal(images_of(given, contract()), PIXELS)


@pytest.mark.parametrize("given", [FILES[0], TEXTS[0], {"image": TEXTS[0]}])
def test_a_single_file_is_a_list_of_one(given):
    assert np.array_equal(images_of(given, contract()), PIXELS[:1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PIXELS.astype(np.float32), "whole numbers from 0 to 255"),
        (PIXELS.astype(np.int64) - 1, "whole numbers from 0 to 255"),
        (np.zeros((2, 3, 8, 8), np.uint8), r"here \(N, 1, 8, 8\)"),
        ([PIXELS[0], PIXELS[0, 0]], "differ in shape"),
        (pd.DataFrame({"picture": FILES}), "called 'image'"),
        ({"x": 1}, "called 'image'"),
        ([], "0 images"),
        (None, "NoneType"),
        (5, "of type int"),
        ([TEXTS[0]] * (MOST + 1), "1 to 1000"),
        ([None], "whole numbers"),
    ],
)
def test_other_input_is_refused_with_what_would_be_right(given, message):
    with pytest.raises(RequestError, match=message):
        images_of(given, contract())


@pytest.mark.parametrize(("bad", "message"), [(b"hello", "no image"), ("%%%", "no base64"), (b"", "empty")])
def test_a_file_that_cannot_be_read_is_named_by_its_place(bad, message):
    with pytest.raises(DecodeError, match=rf"Image 1: .*{message}"):
        images_of([FILES[0], bad], contract())


@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_generated_can_be_predicted(channels):
    image = np.random.default_rng(1).integers(0, 256, (channels, 8, 8), dtype=np.uint8)
    assert np.array_equal(images_of(png_text(image), contract((channels, 8, 8)))[0], image)


def test_a_mistyped_parameter_is_named():
    with pytest.raises(ConfigError, match="'truncation'"):
        RequestParams.parse({"truncaton": 1})
    with pytest.raises(ConfigError, match="count"):
        RequestParams.parse({"count": MOST + 1})

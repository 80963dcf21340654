from collections.abc import Mapping

import numpy as np
import pytest

from synthetyk.core.errors import DatasetError, DecodeError
from synthetyk.data.scan import scan
from synthetyk.data.source import Item, Problem, RawImage, SourceOptions
from synthetyk.data.sources.phantom import PhantomSource


class Memory:
    """A source of a few images in memory; an error in place of an image is raised."""

    def __init__(self, images: Mapping[str, RawImage | DecodeError], problems=()) -> None:
        self.images, self._problems = images, problems
        self.reads: list[str] = []

    def items(self):
        return [Item(key, label=key[0]) for key in self.images]

    def problems(self):
        return self._problems

    def content_hash(self):
        return "0" * 64

    def read(self, item):
        self.reads.append(item.key)
        image = self.images[item.key]
        if isinstance(image, DecodeError):
            raise image
        return image


def grey(values, bits: int = 8) -> RawImage:
    pixels = np.array(values, dtype=np.uint8 if bits == 8 else np.uint16)
    return RawImage(pixels[..., None], bit_depth=bits, mode="L" if bits == 8 else "I;16")


def colour(values) -> RawImage:
    return RawImage(np.array(values, dtype=np.uint8), bit_depth=8, mode="RGB")


def random(shape, seed: int = 0, top: int = 256) -> np.ndarray:
    return np.random.default_rng(seed).integers(top, size=shape)


def test_every_image_is_decoded_once_in_order():
    source = Memory({key: grey(random((20, 20), row)) for row, key in enumerate("bca")})
    assert [image.item.key for image in scan(source).images] == source.reads == ["b", "c", "a"]


def test_an_image_is_described():
    image = scan(Memory({"a": grey(random((20, 30)) // 2)})).images[0]
    assert (image.height, image.width, image.channels, image.mode, image.bit_depth) == (20, 30, 1, "L", 8)
    assert image.max_value == random((20, 30)).max() // 2
    assert image.mean == pytest.approx((random((20, 30)) // 2).mean(), rel=1e-5)


def test_grey_that_is_stored_three_times_is_grey_and_an_exact_copy():
    pixels = random((20, 20))
    first, second = scan(Memory({"a": grey(pixels), "b": colour(np.stack([pixels] * 3, axis=2))})).images
    assert second.channels == 1 and second.mode == "RGB"
    assert first.digest == second.digest


def test_colour_has_three_channels():
    assert scan(Memory({"a": colour(random((20, 20, 3)))})).images[0].channels == 3


def test_one_changed_pixel_or_another_shape_changes_the_digest():
    pixels = random((20, 30))
    changed = pixels.copy()
    changed[3, 4] ^= 1
    found = scan(Memory({"a": grey(pixels), "b": grey(changed), "c": grey(pixels.reshape(30, 20))}))
    assert len(set(found.digests.tolist())) == 3


def test_thumbnails_are_means_of_boxes():
    pixels = random((64, 32))
    thumb = scan(Memory({"a": grey(pixels)})).thumbs[0]
    assert thumb.shape == (16, 16)
    np.testing.assert_allclose(thumb, pixels.reshape(16, 4, 16, 2).mean(axis=(1, 3)), rtol=1e-5)


def test_thumbnails_of_deep_colour_are_grey():
    pixels = random((16, 16, 3), 0, 60000).astype(np.uint16)
    found = scan(Memory({"a": RawImage(pixels, bit_depth=16, mode="npz RGB;16")}))
    np.testing.assert_allclose(found.thumbs[0], pixels.mean(axis=2), rtol=1e-5)


def test_what_cannot_be_decoded_is_reported_with_what_the_listing_found():
    listed = Problem("labels.csv:7", "missing_file", "There is no such file.")
    source = Memory({"a": grey(random((20, 20))), "b": DecodeError("It ends early", kind="truncated")}, [listed])
    found = scan(source)
    assert [image.item.key for image in found.images] == ["a"]
    assert [(problem.key, problem.kind) for problem in found.problems] == [
        ("labels.csv:7", "missing_file"),
        ("b", "truncated"),
    ]


def test_if_nothing_can_be_decoded_the_first_problems_are_named():
    images = {key: DecodeError(f"{key} is broken", kind="damaged") for key in "abcde"}
    with pytest.raises(DatasetError, match=r"5 problems; a: a is broken; b: b is broken; c: c is broken\)"):
        scan(Memory(images))


def test_a_histogram_counts_every_sample_of_its_class():
    pixels = random((20, 20))
    found = scan(Memory({"a1": grey(pixels), "a2": grey(pixels), "b1": colour(random((10, 10, 3)))}))
    histograms = found.levels.histograms(found.depth_rule(np.ones(3, bool)))
    np.testing.assert_array_equal(histograms["a"], 2 * np.histogram(pixels, bins=64, range=(0, 256))[0])
    assert histograms["b"].sum() == 300


def test_deep_images_are_counted_by_the_rule():
    dark, bright = random((40, 40), 0, 300), random((40, 40), 1, 4096)
    found = scan(Memory({"a": grey(dark, bits=16), "b": grey(bright, bits=16), "c": grey(random((8, 8)))}))
    rule = found.depth_rule(np.ones(3, bool))
    assert rule.bits == 12
    histograms = found.levels.histograms(rule)
    for label, pixels in (("a", dark), ("b", bright)):
        expected = np.histogram(np.rint(pixels * 255 / 4095), bins=64, range=(0, 256))[0]
        np.testing.assert_array_equal(histograms[label], expected)
    assert histograms["c"].sum() == 64


def test_shallow_and_deep_images_of_one_class_are_counted_together():
    found = scan(Memory({"a1": grey(random((8, 8))), "a2": grey(random((8, 8), 0, 1024), bits=16)}))
    assert found.levels.histograms(found.depth_rule(np.ones(2, bool)))["a"].sum() == 128


def test_the_rule_follows_the_images_that_may_decide():
    dark, bright = grey(random((40, 40), 0, 1024), bits=12), grey(random((40, 40), 1, 4096), bits=16)
    found = scan(Memory({"a": dark, "b": bright, "c": grey(random((8, 8)))}))
    assert found.depth_rule(np.array([True, False, True])).text.startswith("10 of 12 bits used")
    assert found.depth_rule(np.array([False, False, True])).bits == 12  # no deep image decides: all of them do


def test_progress_ends_at_the_number_of_images():
    calls = []
    scan(PhantomSource.open("phantom:n=3,size=16", SourceOptions()), progress=lambda *args: calls.append(args[:2]))
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]

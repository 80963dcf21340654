import hashlib

import numpy as np
import pytest
from tests.service.on_device.browser import unpacked

from synthetyk.core.noise import noise_of

pytestmark = pytest.mark.xdist_group("on this device")

DRAW = "return text(m.noiseOf(given.seed, given.label, given.numbers, given.latent, given.scale));"


def drawn(module, seed, label, numbers, latent, scale=1.0):
    given = {"seed": str(seed), "label": label, "numbers": numbers, "latent": latent, "scale": scale}
    return unpacked(module("noise", DRAW, given), np.float32).reshape(len(numbers), latent)


@pytest.mark.parametrize("size", [1, 127, 128, 129, 300])
def test_the_hash_is_that_of_hashlib(module, size):
    message = bytes(index % 251 for index in range(size))
    found = module("blake2b", "return Array.from(m.blake2b(new Uint8Array(given), 16));", list(message))
    assert bytes(found) == hashlib.blake2b(message, digest_size=16).digest()


@pytest.mark.parametrize(("seed", "label"), [(0, None), (7, 0), (1652044174, 2), (2**70 + 3, 1)])
def test_the_noise_of_an_image_is_the_servers(module, seed, label):
    numbers = [0, 1, 5, 4_000_000_000, 2**52]
    expected = noise_of(seed, label, numbers, 101, 0.7)
    np.testing.assert_array_equal(drawn(module, seed, label, numbers, 101, 0.7), expected)


def test_only_the_last_bit_of_numbers_in_the_tail_may_differ(module):
    found, expected = drawn(module, 3, 1, [0, 8], 60_000), noise_of(3, 1, [0, 8], 60_000)
    differ = found != expected
    assert np.abs(expected[differ]).min(initial=9) > 3.654  # where the ziggurat's tail begins
    assert differ.sum() <= 5
    np.testing.assert_array_max_ulp(found, expected, maxulp=1)
    assert (np.abs(expected) > 3.654).sum() > 15  # so the tail was met

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from synthetyk.core.seeding import derive, generator, normal


def test_image_i_is_the_same_whatever_the_batch():
    together = normal(3, "noise", range(10), 5)
    alone = np.concatenate([normal(3, "noise", [i], 5) for i in range(10)])
    assert np.array_equal(together, alone)


def test_rows_are_those_of_their_addresses():
    drawn = normal(3, "noise", [2**40, 0, 7], 5)
    for row, index in zip(drawn, [2**40, 0, 7], strict=True):
        expected = generator(3, "noise", index=index).standard_normal(5, dtype=np.float32)
        assert np.array_equal(row, expected)


def test_no_indices_give_no_rows():
    assert normal(0, "noise", [], 4).shape == (0, 4)


@given(st.integers(0, 2**31), st.integers(0, 5), st.integers(0, 5), st.integers(0, 5))
def test_addresses_do_not_share_numbers(seed, step, index, attempt):
    here = generator(seed, "a", step=step, index=index, attempt=attempt).random(4)
    for other in (
        generator(seed + 1, "a", step=step, index=index, attempt=attempt),
        generator(seed, "b", step=step, index=index, attempt=attempt),
        generator(seed, "a", step=step + 1, index=index, attempt=attempt),
        generator(seed, "a", step=step, index=index + 1, attempt=attempt),
        generator(seed, "a", step=step, index=index, attempt=attempt + 1),
    ):
        assert not np.array_equal(here, other.random(4))


def test_numbers_are_standard_normal():
    values = normal(1, "noise", range(2000), 10)
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03


def test_a_derived_seed_depends_on_seed_and_purpose():
    assert len({derive(seed, purpose) for seed in range(5) for purpose in "abcde"}) == 25
    assert derive(1, "a") == derive(1, "a") < 2**31

import numpy as np
import pytest

from synthetyk.runtime.batches import cut, exact_sizes, run_cut

CHUNK = {"x": np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)}


def rows_alone(inputs):
    return np.tanh(inputs["x"]).sum(axis=1, keepdims=True)


def one_is_special(inputs):
    return rows_alone(inputs) + np.float32(1e-6 * (len(inputs["x"]) == 1))


def by_place(inputs):
    return rows_alone(inputs) + np.float32(1e-6) * np.arange(len(inputs["x"]), dtype=np.float32)[:, None]


def by_neighbours(inputs):
    return rows_alone(inputs) + inputs["x"].mean()


def test_a_network_that_computes_each_image_alone_may_do_so_in_any_batch():
    assert exact_sizes(rows_alone, CHUNK, 32) == (1, 2, 4, 8, 16, 32)
    assert exact_sizes(rows_alone, CHUNK, 20) == (1, 2, 4, 8, 16)


def test_sizes_that_change_a_bit_are_left_out():
    assert exact_sizes(one_is_special, CHUNK, 16) == (2, 4, 8, 16)


@pytest.mark.parametrize("network", [by_place, by_neighbours])
def test_a_network_whose_images_depend_on_each_other_keeps_to_chunks(network):
    assert exact_sizes(network, CHUNK, 16) == ()


def test_patience_ends_the_search_but_not_before_the_chunk_itself():
    assert exact_sizes(rows_alone, CHUNK, 32, patience=-1) == (8,)


@pytest.mark.parametrize(
    ("count", "sizes", "expected"),
    [
        (1, (1, 2, 8), [(1, 1)]),
        (13, (1, 2, 8), [(8, 8), (2, 2), (2, 2), (1, 1)]),
        (3, (2, 8), [(2, 2), (1, 2)]),
        (3, (8,), [(3, 8)]),
    ],
)
def test_images_are_cut_into_the_largest_batches_that_fit_and_the_rest_is_filled_up(count, sizes, expected):
    assert list(cut(count, sizes)) == expected


def test_what_is_cut_comes_back_in_order():
    inputs = {"x": np.random.default_rng(1).normal(size=(11, 5)).astype(np.float32)}
    sizes = []

    def network(part):
        sizes.append(len(part["x"]))
        return rows_alone(part)

    np.testing.assert_array_equal(run_cut(network, inputs, (2, 8)), rows_alone(inputs))
    assert sizes == [8, 2, 2]

import numpy as np
import pytest
import torch

from synthetyk.training.batches import BatchOrder, GANBatches
from synthetyk.training.world import World


def drawn(order, steps):
    return np.concatenate([order.positions(step) for step in range(steps)])


def test_an_epoch_shows_every_image_once():
    assert sorted(drawn(BatchOrder([np.arange(100)], 25, seed=1), 4)) == list(range(100))


def test_epochs_are_shuffled_differently():
    order = BatchOrder([np.arange(100)], 100, seed=1)
    assert not np.array_equal(order.positions(0), order.positions(1))


def test_epochs_keep_the_order_of_the_data_if_asked_to():
    order = BatchOrder([np.arange(10)], 10, seed=1, shuffle=False)
    assert order.positions(0).tolist() == order.positions(1).tolist() == list(range(10))


def test_a_batch_may_be_larger_than_the_data():
    counts = np.bincount(BatchOrder([np.arange(10)], 25, seed=0).positions(0))
    assert counts.sum() == 25
    assert set(counts) == {2, 3}


def test_any_step_can_be_asked_for_first():
    first, second = (BatchOrder([np.arange(50)], 16, seed=3) for _ in range(2))
    drawn(first, 20)
    assert np.array_equal(first.positions(20), second.positions(20))


def test_another_attempt_or_seed_brings_another_order():
    order = BatchOrder([np.arange(50)], 50, seed=3)
    assert not np.array_equal(order.positions(0), order.positions(0, attempt=1))
    assert not np.array_equal(order.positions(0), BatchOrder([np.arange(50)], 50, seed=4).positions(0))


@pytest.fixture
def batches_of(tiny):
    return lambda data, share=slice(None), **settings: GANBatches(tiny(**settings), data, share)


def test_the_shares_of_several_processes_make_up_the_batch_of_one(batches_of, discs):
    whole, _ = batches_of(discs(), batch_size=9).at(2)
    parts = [batches_of(discs(), World(rank, 2).share(9), batch_size=9).at(2)[0] for rank in range(2)]
    assert [len(part) for part in parts] == [4, 5]
    assert torch.equal(torch.cat(parts), whole)


def test_balanced_batches_show_each_class_equally_often(batches_of, discs):
    _, labels = batches_of(discs(), batch_size=32).at(0)
    assert torch.bincount(labels).tolist() == [16, 16]


def test_unbalanced_epochs_keep_the_datas_proportions(batches_of, discs):
    batches = batches_of(discs(120), batch_size=60, balanced=False)
    labels = torch.cat([batches.at(step)[1] for step in range(2)])
    assert torch.bincount(labels).tolist() == [80, 40]


@pytest.mark.parametrize("balanced", [True, False])
def test_unlabelled_images_come_without_labels(batches_of, discs, balanced):
    images, labels = batches_of(discs(labelled=False), classes=0, batch_size=8, balanced=balanced).at(0)
    assert labels is None
    assert images.shape == (8, 1, 28, 28)


def test_images_are_those_of_their_positions_in_minus_one_to_one(batches_of, discs):
    data = discs()
    batches = batches_of(data, batch_size=8, balanced=False)
    images, labels = batches.at(3)
    positions = batches._order.positions(3)
    np.testing.assert_allclose(images.numpy(), data.images[positions] / 127.5 - 1, atol=1e-6)
    assert labels.tolist() == data.labels[positions].tolist()

import numpy as np
import pytest
import torch
from benchmarks.gan import peer
from benchmarks.gan.cost import Budget
from torch import nn

from synthetyk.data.dataset import Dataset


@pytest.mark.parametrize(
    ("resolution", "sizes", "widths"),
    [
        (28, (4, 7, 14, 28), (256, 128, 64)),
        (32, (4, 8, 16, 32), (256, 128, 64)),
        (64, (4, 8, 16, 32, 64), (512, 256, 128, 64)),
        (128, (4, 8, 16, 32, 64, 128), (1024, 512, 256, 128, 64)),
    ],
)
def test_the_feature_maps_are_the_tutorials_with_a_block_more_or_fewer(resolution, sizes, widths):
    assert peer.sizes(resolution) == sizes
    assert peer.widths(resolution) == widths


@pytest.mark.parametrize(("resolution", "channels"), [(28, 1), (32, 3), (64, 3)])
def test_images_come_out_and_chances_go_in(resolution, channels):
    images = peer.generator(resolution, channels)(torch.randn(2, 100, 1, 1))
    assert images.shape == (2, channels, resolution, resolution)
    assert images.abs().max() <= 1
    chances = peer.discriminator(resolution, channels)(images)
    assert chances.shape == (2, 1, 1, 1)
    assert bool(((chances > 0) & (chances < 1)).all())


def sides(network, channels):
    """Return the sides of the feature maps after each convolution."""
    found = []
    for module in network:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _module, _input, output: found.append(output.shape[-1]))
    network(channels)
    return found


def test_at_28_pixels_each_convolution_makes_the_size_that_is_named():
    assert sides(peer.generator(28, 1), torch.randn(1, 100, 1, 1)) == [4, 7, 14, 28]
    assert sides(peer.discriminator(28, 1), torch.randn(1, 1, 28, 28)) == [14, 7, 4, 1]


def test_at_64_pixels_in_colour_there_are_as_many_parameters_as_in_the_tutorial():
    def count(network):
        return sum(p.numel() for p in network.parameters())

    assert count(peer.generator(64, 3)) == 3_576_704
    assert count(peer.discriminator(64, 3)) == 2_765_568


def test_weights_begin_as_the_tutorial_says():
    network = peer.generator(64, 3)
    peer.initialise(network, 0, "test")
    kernels = torch.cat([m.weight.flatten() for m in network if isinstance(m, nn.ConvTranspose2d)])
    scales = torch.cat([m.weight for m in network if isinstance(m, nn.BatchNorm2d)])
    assert kernels.mean().item() == pytest.approx(0, abs=1e-4)
    assert kernels.std().item() == pytest.approx(0.02, rel=0.01)
    assert scales.mean().item() == pytest.approx(1, abs=0.005)


def images(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 1, 28, 28), dtype=np.uint8)


def test_an_epoch_shows_every_image_once_in_another_order(monkeypatch):
    monkeypatch.setattr(peer, "BATCH", 4)
    training = peer.Training(images(10), seed=1)
    epochs = [torch.cat([training._next() for _ in range(3)]).tolist() for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 2
    assert epochs[0] != epochs[1]


def test_a_step_moves_both_networks_and_says_how_many_images_it_showed():
    training = peer.Training(images(5), seed=1)
    before = [network[0].weight.clone() for network in (training.generator, training.discriminator)]
    assert training.step() == 5
    for old, network in zip(before, (training.generator, training.discriminator), strict=True):
        assert not torch.equal(old, network[0].weight)


@pytest.fixture
def two_classes():
    labels = np.array([0, 1, 1, 1, 0, 1], dtype=np.int64)
    keys = np.arange(6).astype(str)
    splits = np.array(["train"] * 6)
    return Dataset(images(6), labels, np.arange(6, dtype=np.int64), splits, keys, ("healthy", "ill"))


def test_each_class_has_its_own_network_and_an_equal_part_of_the_budget(two_classes, tmp_path, monkeypatch):
    given = []

    def two_steps(seconds):
        given.append(seconds)
        return Budget(2, clock=iter(range(100)).__next__)

    monkeypatch.setattr(peer, "Budget", two_steps)
    about = peer.train_peer(two_classes, 30.0, 0, tmp_path / "model")
    assert given == [15.0, 15.0]
    assert about["kimg"] == pytest.approx((about["steps"][0] * 2 + about["steps"][1] * 4) / 1000)
    sampler = peer.load_peer(tmp_path / "model", seed=0)
    assert sampler.classes == 2
    drawn = [sampler.sample(label, [0, 1]) for label in range(2)]
    assert drawn[0].shape == (2, 1, 28, 28)
    assert drawn[0].dtype == np.uint8
    assert not np.array_equal(*drawn)


def test_an_image_is_the_same_whoever_asks_for_which_others():
    network = peer.generator(28, 1)
    peer.initialise(network, 0, "test")
    sampler = peer.PeerSampler([network], seed=3)
    some = sampler.sample(0, [70, 3])
    assert np.array_equal(some, sampler.sample(0, range(80))[[70, 3]])
    assert not np.array_equal(some[0], some[1])

import numpy as np
import pytest

from synthetyk.core.errors import TrainingError
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.sampler import CHUNK, Sampler


def sampler(classes=2, seed=0):
    config = NetworkConfig(resolution=28, classes=classes, width=8, latent=16)
    generator = build_generator(config, 0, "test")
    return Sampler(generator, classes, 16, seed)


def test_one_by_one_shuffled_and_in_bulk_give_the_same_bytes():
    draws = sampler()
    bulk = draws.sample(1, range(70))
    shuffled = np.random.default_rng(0).permutation(70)
    assert np.array_equal(draws.sample(1, shuffled), bulk[shuffled])
    one_by_one = [draws.sample(1, [index])[0] for index in range(28, 36)]
    assert np.array_equal(np.stack(one_by_one), bulk[28:36])


def test_an_image_may_be_asked_for_twice():
    images = sampler().sample(0, [5, 40, 5])
    assert np.array_equal(images[0], images[2])
    assert not np.array_equal(images[0], images[1])


def test_images_are_uint8_and_differ_by_class_and_seed():
    first = sampler().sample(0, range(4))
    assert first.dtype == np.uint8
    assert first.shape == (4, 1, 28, 28)
    assert not np.array_equal(first, sampler().sample(1, range(4)))
    assert not np.array_equal(first, sampler(seed=1).sample(0, range(4)))


def test_the_generator_draws_in_evaluation_mode():
    draws = sampler()
    before = draws.generator.blocks[0].running_mean.clone()
    draws.sample(0, range(CHUNK))
    assert before.equal(draws.generator.blocks[0].running_mean)


def test_truncation_makes_images_more_alike():
    draws = sampler()
    full, half = (draws.sample(0, range(64), truncation=t).astype(float).std(axis=0).mean() for t in (1.0, 0.3))
    assert half < full


def test_truncation_is_relative_to_the_scale_of_the_noise():
    wide = sampler().widened(1.5)
    assert np.array_equal(wide.sample(0, range(8)), sampler().sample(0, range(8), truncation=1.5))
    assert np.array_equal(wide.sample(0, range(8), truncation=0.5), sampler().sample(0, range(8), truncation=0.75))


def test_an_unconditional_generator_takes_no_label():
    assert len(sampler(classes=0).sample(None, range(3))) == 3
    with pytest.raises(TrainingError, match="unconditional"):
        sampler(classes=0).sample(1, range(3))


@pytest.mark.parametrize("label", [None, 2, -1])
def test_a_label_that_the_generator_does_not_know_is_refused(label):
    with pytest.raises(TrainingError, match="from 0 to 1"):
        sampler().sample(label, range(3))

import pytest

from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.noise_scale import LIMIT, NoiseScale, choose_noise_scale
from synthetyk.training.sampler import Sampler


@pytest.fixture
def sampler():
    config = NetworkConfig(resolution=28, width=4, latent=4)
    return Sampler(build_generator(config, 0, "test"), 0, 4, 0)


def best_at(scale, tried, error=0.0):
    def distance(sampler):
        tried.append(sampler.noise_scale)
        return (sampler.noise_scale - scale) ** 2, error

    return distance


def test_noise_is_widened_as_long_as_images_come_nearer_and_no_further_is_tried(sampler):
    tried = []
    noise = choose_noise_scale(sampler, best_at(1.2, tried))
    assert noise.value == 1.2
    assert tried == [1.0, 1.1, 1.2, 1.3]
    assert noise.reason.startswith("Its noise is 1.2 times as wide as in its training")
    assert "(0.0000; 0.0400 with noise as in training)" in noise.reason


def test_of_distances_that_chance_cannot_tell_apart_the_widest_noise_is_taken(sampler):
    tried = []
    noise = choose_noise_scale(sampler, best_at(1.1, tried, error=0.05))
    assert noise.value == 1.3
    assert tried[-1] == 1.4
    assert "(0.0400; 0.0100 with noise as in training) is not measurably above the lowest (0.0000)" in noise.reason


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_noise_is_never_narrowed(sampler, scale):
    assert choose_noise_scale(sampler, best_at(scale, [])) == NoiseScale()


def test_noise_is_not_widened_beyond_what_was_tried(sampler):
    assert choose_noise_scale(sampler, best_at(9.0, [])).value == LIMIT


def test_a_distance_that_is_no_number_changes_nothing(sampler):
    assert choose_noise_scale(sampler, lambda _: (float("nan"), float("nan"))) == NoiseScale()

import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError
from synthetyk.data.images_met import ImagesMet
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.generator_file import GeneratorCard, load_generator, met_file, save_generator
from synthetyk.training.sampler import Sampler


@pytest.fixture
def saved(tmp_path):
    config = NetworkConfig(resolution=28, classes=2, width=4, latent=8)
    generator = build_generator(config, 0, "test")
    card = GeneratorCard(
        network=config, class_names=("a", "b"), image_shape=(1, 28, 28), seed=3, kimg=1.5, training_sha256="0" * 64
    )
    path = tmp_path / "generator.safetensors"
    return path, generator, save_generator(path, generator, card)


def test_a_loaded_generator_draws_the_same_images(saved):
    path, generator, card = saved
    loaded = load_generator(path)
    assert loaded.card == card.model_copy(update={"schema_": "generator/1"})
    expected = Sampler(generator, 2, 8, seed=3).sample(1, range(5))
    assert np.array_equal(loaded.sampler().sample(1, range(5)), expected)
    assert not np.array_equal(loaded.sampler(seed=4).sample(1, range(5)), expected)


def test_a_loaded_generator_draws_noise_as_widely_as_its_card_says(saved):
    path, generator, card = saved
    save_generator(path, generator, card.model_copy(update={"noise_scale": 1.3}))
    expected = Sampler(generator, 2, 8, seed=3, noise_scale=1.3).sample(1, range(5))
    assert np.array_equal(load_generator(path).sampler().sample(1, range(5)), expected)


def test_a_generator_knows_the_images_that_it_met_where_these_were_written_down(saved):
    path, _, _ = saved
    assert load_generator(path).met is None
    ImagesMet(np.array([7], dtype=np.uint64), np.array([], dtype=np.uint64)).save(met_file(path))
    assert load_generator(path).met.trained.tolist() == [7]


def test_a_generator_that_is_not_the_cards_is_refused(saved):
    path, _, _ = saved
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ArtifactError, match="damaged"):
        load_generator(path)


def test_a_missing_generator_is_said(tmp_path):
    with pytest.raises(ArtifactError, match="missing"):
        load_generator(tmp_path / "generator.safetensors")

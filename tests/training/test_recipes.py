import pytest
import torch

from synthetyk.core.errors import UnknownNameError
from synthetyk.models.gan_network import architecture
from synthetyk.training.gan import GAN
from synthetyk.training.gan_config import GANConfig
from synthetyk.training.recipes import RECIPES, recipe

NAMES = RECIPES.names()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("resolution", [28, 64])
@pytest.mark.parametrize(("step", "precision"), [(0, "fp32"), (1, "bf16")])  # the first step pays penalties
def test_every_recipe_makes_networks_that_its_penalties_and_layers_fit(name, resolution, step, precision):
    chosen = recipe(name)
    resolution = chosen.resolution or resolution
    size = chosen.size(resolution)
    network = {
        "architecture": chosen.architecture,
        "resolution": resolution,
        "width": min(size.width, 8),
        "width_limit": 16,
        "layers": chosen.layers,
        "classes": 2,
    }
    config = {"network": network, "loss": chosen.loss, "r1": size.r1, "r2": size.r2, "betas": chosen.betas}
    batch = torch.zeros(4, 1, resolution, resolution), torch.tensor([0, 1, 0, 1])
    config |= {"batch_size": 4, "precision": precision}
    values = GAN(GANConfig.parse(config)).train_step(*batch, step)
    assert all(torch.isfinite(value) for value in values.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_says_what_it_is(name):
    assert len(recipe(name).summary) > 20


def test_a_size_between_two_takes_the_smaller_ones():
    chosen = recipe("cpu-fast")
    assert chosen.size(32) == chosen.sizes[28]
    assert chosen.size(128) == chosen.sizes[64]


@pytest.mark.parametrize("name", ["cpu-stable", "gpu-stable"])
def test_a_recipe_for_several_processes_sees_no_batch_as_a_whole(name):
    kind = architecture(recipe(name).architecture)
    assert not kind.generator_normalises
    assert not kind.discriminator_normalises
    assert recipe(name).spread == 0


def test_the_head_ct_sources_variant_has_its_layers():
    assert recipe("dcgan-source-64").layers == (256, 256, 128, 128)
    assert recipe("dcgan-source-64").latent == 50


def test_an_unknown_recipe_is_refused_with_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'cpu-fast'"):
        recipe("cpu-fats")

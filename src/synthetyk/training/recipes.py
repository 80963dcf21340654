"""Recipes: named ways to train a GAN, from which a plan takes what no rule on the data decides."""

from typing import Literal

from pydantic import Field

from synthetyk.core.config import Config
from synthetyk.core.registry import Registry
from synthetyk.training.gan_losses import LossName

RECIPES = Registry("synthetyk.recipes", "recipe")


class Size(Config):
    """What a recipe does at one size of images.

    Attributes:
        width: Channels of the layer next to the image.
        batch_size: Images per step.
        learning_rate: Of the generator.
        r1: Weight of the gradient penalty on real images.
        r2: Weight of the gradient penalty on generated images.
    """

    width: int
    batch_size: int
    learning_rate: float
    r1: float = 0
    r2: float = 0


class Recipe(Config):
    """A named way to train a GAN.

    Attributes:
        summary: What it is and when to take it, in one sentence.
        architecture: Name of a registered architecture.
        loss: Name of a loss.
        latent: Numbers in the noise vector.
        optimizer: ``adam`` or ``rmsprop``.
        betas: Adam's betas.
        discriminator_rate: The discriminator's learning rate as a multiple of the generator's (Heusel et al., "GANs
            trained by a two time-scale update rule", NeurIPS 2017).
        penalty_every: Steps between two gradient penalties.
        spread: Weight of what holds generated images as varied as real ones.
        cooldown: Part of the training over which the learning rates fall to 0 at its end.
        ramp: Part of the training after which the classes are fully told apart.
        per_class: Whether each class has a discriminator where all have images enough. Not with a `ramp`, nor
            with a discriminator that normalises over a batch.
        averaged: Whether an average of the generator's weights is kept.
        augmented: Whether few images are augmented.
        precise: Whether it computes in fp32 wherever bf16 is faster, being a reference.
        layers: Channels from the smallest feature map to the largest; empty: by the width.
        width_limit: No layer has more channels than this.
        sizes: By the resolution in pixels from which on they are used; the smallest also below.
        resolution: The only size that it knows; 0: any.
    """

    summary: str
    architecture: str
    loss: LossName = "bce"
    latent: int = 100
    optimizer: Literal["adam", "rmsprop"] = "adam"
    betas: tuple[float, float] = (0.5, 0.999)
    discriminator_rate: float = 1
    penalty_every: int = 8
    spread: float = Field(default=0, ge=0)
    cooldown: float = Field(default=0, ge=0, le=1)
    ramp: float = Field(default=0, ge=0, lt=1)
    per_class: bool = False
    averaged: bool = True
    augmented: bool = True
    precise: bool = False
    layers: tuple[int, ...] = ()
    width_limit: int = 1024
    sizes: dict[int, Size]
    resolution: int = 0

    def size(self, resolution: int) -> Size:
        """Return what the recipe does at a resolution in pixels."""
        fitting = [start for start in sorted(self.sizes) if start <= resolution]
        return self.sizes[fitting[-1] if fitting else min(self.sizes)]


def recipe(name: str) -> Recipe:
    """Return a registered recipe.

    Raises:
        UnknownNameError: None has that name; the message names the nearest.
    """
    found: Recipe = RECIPES.load(name)
    return found


_PAPER = Size(width=128, batch_size=128, learning_rate=2e-4)

CPU_FAST = Recipe(
    summary="small batches of a small generator that enlarges and convolves, against a discriminator with spectral"
    " normalisation; the default without a GPU",
    architecture="spectral",
    loss="hinge",
    betas=(0.0, 0.99),
    discriminator_rate=2,
    spread=1,
    per_class=True,
    sizes={
        28: Size(width=48, batch_size=32, learning_rate=4e-4),
        64: Size(width=24, batch_size=16, learning_rate=2e-4),
    },
)

UPCONV = Recipe(
    summary="the default before it: the same generator against DCGAN's discriminator",
    architecture="upconv",
    sizes={
        28: Size(width=48, batch_size=32, learning_rate=4e-4),
        64: Size(width=24, batch_size=16, learning_rate=4e-4),
    },
)

CPU_STABLE = Recipe(
    summary="relativistic pairs and gradient penalties without batch normalisation: slower, harder to upset, and able"
    " to train in several processes",
    architecture="residual",
    loss="relativistic",
    betas=(0.0, 0.99),
    width_limit=192,
    sizes={
        28: Size(width=32, batch_size=32, learning_rate=4e-4, r1=1, r2=1),
        64: Size(width=16, batch_size=16, learning_rate=4e-4, r1=1, r2=1),
    },
)

GPU = CPU_FAST.replace(
    summary="the networks of cpu-fast, wider and in larger batches; the default on a GPU",
    per_class=False,  # not measured there
    sizes={
        28: Size(width=96, batch_size=128, learning_rate=4e-4),
        64: Size(width=64, batch_size=128, learning_rate=2e-4),
        128: Size(width=48, batch_size=64, learning_rate=2e-4),
        256: Size(width=32, batch_size=32, learning_rate=2e-4),
    },
)

GPU_STABLE = CPU_STABLE.replace(
    summary="wide residual networks with relativistic pairs and gradient penalties: many times slower, harder to upset,"
    " and able to train on several GPUs",
    penalty_every=4,
    width_limit=512,
    sizes={
        28: Size(width=128, batch_size=128, learning_rate=2e-4, r1=1, r2=1),
        64: Size(width=64, batch_size=128, learning_rate=2e-4, r1=2, r2=2),
        128: Size(width=64, batch_size=64, learning_rate=2e-4, r1=5, r2=5),
        256: Size(width=32, batch_size=32, learning_rate=2e-4, r1=10, r2=10),
    },
)

DCGAN = Recipe(
    summary="DCGAN as its paper has it, adapted to other sizes than 64; the reference, slow on a CPU",
    architecture="dcgan",
    averaged=False,
    augmented=False,
    precise=True,
    sizes={28: _PAPER},
)

SOURCE_64 = DCGAN.replace(
    summary="the variant of DCGAN that the head-CT source trained: 50 noise values, 256, 256, 128 and 128 channels",
    latent=50,
    layers=(256, 256, 128, 128),
    resolution=64,
    sizes={64: _PAPER},
)

SOURCE_28 = DCGAN.replace(
    summary="the variant of DCGAN that the pneumonia source trained at 28 pixels: 100 noise values, batches of 256",
    resolution=28,
    sizes={28: Size(width=64, batch_size=256, learning_rate=1e-4)},
)

"""The peer: the DCGAN that PyTorch's tutorial describes (pytorch.org, "DCGAN Tutorial"), written anew, one per class.

At 64 pixels: noise of 100 numbers, feature maps of 4, 8, 16 and 32 pixels with 512, 256, 128 and 64 channels, the
mirror image as discriminator, 4x4 kernels, batch normalisation, N(0, 0.02) weights, Adam at 2e-4 with betas (0.5,
0.999), binary cross-entropy, batches of 128, and three passes of the discriminator in each step. At 28 pixels it has
one block fewer: 4, 7 and 14 pixels with 256, 128 and 64 channels, the step between 4 and 7 by a 3x3 kernel.

Where it differs from the tutorial's script it is the cheaper for it: images lie in memory as float32 instead of being
read from files at every step, and nothing is printed or drawn on the way.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from benchmarks.gan.cost import Budget
from synthetyk.core import seeding
from synthetyk.core.artifacts import write_json
from synthetyk.data.dataset import Dataset, from_unit, to_unit

NOISE = 100
FEATURES = 64  # of the generator and of the discriminator, next to the image
BATCH = 128
RATE, BETAS = 2e-4, (0.5, 0.999)
DEVIATION = 0.02
DRAWN = 64  # images drawn at a time, as on the tutorial's sheets


def sizes(resolution: int) -> tuple[int, ...]:
    """Return the sides of the feature maps from the smallest to the image, ``(4, 8, 16, 32, 64)``."""
    found = [resolution]
    while found[0] > 4:
        found.insert(0, (found[0] + 1) // 2)
    return tuple(found)


def widths(resolution: int) -> tuple[int, ...]:
    """Return the channels of the feature maps below the image, ``(512, 256, 128, 64)``."""
    return tuple(FEATURES << block for block in reversed(range(len(sizes(resolution)) - 1)))


def generator(resolution: int, channels: int) -> nn.Sequential:
    """Return a module that maps noise ``(N, 100, 1, 1)`` to images ``(N, C, R, R)`` in [-1, 1]."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(NOISE, widths(resolution)[0], 4, 1, 0, bias=False)]
    for before, after, kernel in _blocks(resolution, channels):
        layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.ConvTranspose2d(before, after, kernel, 2, 1, bias=False)]
    return nn.Sequential(*layers, nn.Tanh())


def discriminator(resolution: int, channels: int) -> nn.Sequential:
    """Return a module that maps images ``(N, C, R, R)`` to the chance ``(N, 1, 1, 1)`` that they are real."""
    layers: list[nn.Module] = []
    for after, before, kernel in reversed(_blocks(resolution, channels)):
        normal = [nn.BatchNorm2d(after)] if layers else []
        layers += [nn.Conv2d(before, after, kernel, 2, 1, bias=False), *normal, nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(widths(resolution)[0], 1, 4, 1, 0, bias=False), nn.Sigmoid())


def _blocks(resolution: int, channels: int) -> list[tuple[int, int, int]]:
    """Return the channels of the smaller and the larger map of each block, and its kernel."""
    sides, maps = pairwise(sizes(resolution)), pairwise((*widths(resolution), channels))
    return [(*both, 4 if large == 2 * small else 3) for (small, large), both in zip(sides, maps, strict=True)]


@torch.no_grad()
def initialise(network: nn.Module, seed: int, purpose: str) -> None:
    """Draw weights around 0, those of the batch normalisations around 1."""
    random = torch.Generator().manual_seed(seeding.derive(seed, purpose))
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.normal_(0, DEVIATION, generator=random)
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.normal_(1, DEVIATION, generator=random)


class Training:
    """One DCGAN in training, as a plain loop makes its steps.

    Args:
        images: uint8 ``(N, C, R, R)``.
        seed: Of weights, order and noise.
    """

    def __init__(self, images: NDArray[np.uint8], seed: int) -> None:
        channels, resolution = images.shape[1:3]
        self.seed, self.step_number, self.epoch = seed, 0, 0
        self.images = torch.from_numpy(to_unit(images))
        self.generator, self.discriminator = generator(resolution, channels), discriminator(resolution, channels)
        initialise(self.generator, seed, "peer/generator")
        initialise(self.discriminator, seed, "peer/discriminator")
        self.loss = nn.BCELoss()
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), lr=RATE, betas=BETAS)
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), lr=RATE, betas=BETAS)
        self._waiting: list[Tensor] = []

    def step(self) -> int:
        """Show the next batch to both networks; return how many images that were."""
        real = self.images[self._next()]
        self.discriminator.zero_grad()
        self._judge(real, 1.0).backward()  # type: ignore[no-untyped-call]
        fake = self.generator(self._noise(len(real)))
        self._judge(fake.detach(), 0.0).backward()  # type: ignore[no-untyped-call]
        self.optimizer_d.step()
        self.generator.zero_grad()
        self._judge(fake, 1.0).backward()  # type: ignore[no-untyped-call]
        self.optimizer_g.step()
        self.step_number += 1
        return len(real)

    def _judge(self, images: Tensor, target: float) -> Tensor:
        said = self.discriminator(images).view(-1)
        loss: Tensor = self.loss(said, torch.full_like(said, target))
        return loss

    def _noise(self, count: int) -> Tensor:
        random = seeding.generator(self.seed, "peer/noise", step=self.step_number)
        return torch.from_numpy(random.standard_normal((count, NOISE, 1, 1), dtype=np.float32))

    def _next(self) -> Tensor:
        """Return the next batch's positions: shuffled epochs, the last batch of each as small as it is."""
        if not self._waiting:
            order = seeding.generator(self.seed, "peer/order", step=self.epoch).permutation(len(self.images))
            self._waiting = list(torch.split(torch.from_numpy(order), BATCH))
            self.epoch += 1
        return self._waiting.pop(0)


class PeerSampler:
    """Draws from one generator per class; in training mode, as the tutorial draws, so normalised by its own batch.

    Args:
        generators: One for each class.
        seed: Of all images.
    """

    def __init__(self, generators: Sequence[nn.Module], seed: int) -> None:
        self.generators, self.classes, self.seed = list(generators), len(generators), seed

    def sample(self, label: int | None, indices: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return images uint8 ``(n, C, R, R)`` of a class by their number: the same whoever asks for which others."""
        wanted = np.asarray(indices, dtype=np.int64)
        chunks, inverse = np.unique(wanted // DRAWN, return_inverse=True)
        drawn = np.concatenate([self._chunk(label or 0, int(chunk)) for chunk in chunks])
        images: NDArray[np.uint8] = drawn[inverse * DRAWN + wanted % DRAWN]
        return images

    @torch.no_grad()
    def _chunk(self, label: int, chunk: int) -> NDArray[np.uint8]:
        numbers = range(chunk * DRAWN, (chunk + 1) * DRAWN)
        noise = torch.from_numpy(seeding.normal(self.seed, f"peer/draw/{label}", numbers, NOISE))
        return from_unit(self.generators[label](noise[:, :, None, None]).numpy())


def train_peer(dataset: Dataset, cpu_seconds: float, seed: int, folder: Path) -> dict[str, Any]:
    """Train one DCGAN for each class, each for an equal part of the budget, and keep the generators in `folder`."""
    train, names = dataset.train, dataset.class_names
    folder.mkdir(parents=True)
    steps, shown = [], 0
    for label in range(len(names)):
        budget = Budget(cpu_seconds / len(names))
        training = Training(train.of_class(label).all(), seeding.derive(seed, f"peer/{label}"))
        while budget.another():
            shown += training.step()
        steps.append(training.step_number)
        save_file(training.generator.state_dict(), folder / f"generator-{label}.safetensors")
    channels, resolution, _ = train.shape
    write_json(folder / "peer.json", {"classes": len(names), "channels": channels, "resolution": resolution})
    return {"kimg": shown / 1000, "steps": steps}


def load_peer(folder: Path, seed: int) -> PeerSampler:
    """Open what `train_peer` kept."""
    about = json.loads((folder / "peer.json").read_text())
    generators = []
    for label in range(about["classes"]):
        network = generator(about["resolution"], about["channels"])
        network.load_state_dict(load_file(folder / f"generator-{label}.safetensors"))
        generators.append(network)
    return PeerSampler(generators, seed)

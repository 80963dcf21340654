"""How much faster eight bits are than 32, in the same ONNX Runtime, on one thread.

Each network comes with first weights and untrained normalisation: speed does not depend on what a network has learned.
It is exported as `synthetyk compress` exports it, in eight bits with ranges from random inputs. Both forms run in one
process of their own and take turns; times are medians in milliseconds of the thread that computes, ``faster`` is the
median over the turns of the ratio of their times, in batches of 32 and for one image. The generators' 32 bits are
transposed convolutions, which are faster than enlarging and convolving; what eight bits would gain over that slower
form stands in ``over_resize``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.options import Options
from benchmarks.record import write
from synthetyk.compression.onnx_export import export_classifier, export_generator
from synthetyk.compression.precision import Feeds, quantised
from synthetyk.compression.rows import versions
from synthetyk.compression.speed import measure_cost
from synthetyk.compression.upsampling import as_convolution
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.models.upconv import UpConv2d
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier, build_network
from synthetyk.training.generator_file import GeneratorCard, LoadedGenerator
from synthetyk.training.recipes import recipe

SECONDS = 8.0  # for each size of batch
IMAGES = 32


@dataclass(frozen=True)
class Forms:
    """A network in 32 and in eight bits.

    Attributes:
        plain: In 32 bits.
        small: In eight.
        feeds: A batch of inputs.
        goal: How many times faster eight bits should be, in batches of 32.
        resize: A generator in 32 bits that enlarges and convolves.
    """

    plain: bytes
    small: bytes
    feeds: Feeds
    goal: float
    resize: bytes | None = None


def main(options: Options) -> list[str]:
    options.work.mkdir(parents=True, exist_ok=True)
    seconds = SECONDS * options.scale
    rows = [_row(name, ROWS[name](), options.work, seconds) for name in options.rows(ROWS)]
    write("compress", rows, folder=options.results, about=__doc__, scale=options.scale, versions=versions())
    return [f"compress: {row['row']}" for row in rows if row["faster_32"] < row["goal"]]


def _row(name: str, forms: Forms, work: Path, seconds: float) -> dict[str, Any]:
    plain, small = work / f"{name}-fp32.onnx", work / f"{name}-int8.onnx"
    plain.write_bytes(forms.plain)
    small.write_bytes(forms.small)
    row: dict[str, Any] = {"row": name, "mb_fp32": len(forms.plain) / 1e6, "mb_int8": len(forms.small) / 1e6}
    for one in measure_cost(plain, small, forms.feeds, seconds=seconds).latencies:
        row[f"fp32_{one.batch}"], row[f"int8_{one.batch}"] = one.original_milliseconds, one.milliseconds
        row[f"faster_{one.batch}"] = one.speedup
    row["goal"] = forms.goal
    if forms.resize:
        slower = work / f"{name}-resize.onnx"
        slower.write_bytes(forms.resize)
        row["over_resize"] = measure_cost(slower, small, forms.feeds, seconds=seconds).latencies[-1].speedup
    print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
    return row


def _classifier(encoder: str, width: int, shape: tuple[int, int, int]) -> Forms:
    config = ClassifierConfig(encoder=encoder, width=width)
    network = build_network(config, shape, 2).eval()
    classifier = TrainedClassifier(network, config, ("no", "yes"), shape, (), 0, False, 1.0)
    images = np.random.default_rng(0).uniform(-1, 1, (IMAGES, *shape)).astype(np.float32)
    feeds: Feeds = {"images": images}
    plain = export_classifier(classifier)
    return Forms(plain, quantised(plain, [feeds]), feeds, goal=3.0)


def generator_forms(name: str, resolution: int) -> Forms:
    chosen = recipe(name)
    size = chosen.size(resolution)
    config = NetworkConfig(
        architecture=chosen.architecture,
        resolution=resolution,  # type: ignore[arg-type]
        classes=2,
        latent=chosen.latent,
        width=size.width,
        width_limit=chosen.width_limit,
        layers=chosen.layers,
    )
    card = GeneratorCard(
        network=config,
        class_names=("no", "yes"),
        image_shape=(1, resolution, resolution),
        seed=0,
        kimg=0.0,
        training_sha256="",
    )
    generator = LoadedGenerator(build_generator(config, 0, "benchmark").eval().requires_grad_(False), card)
    noise = np.random.default_rng(0).standard_normal((IMAGES, config.latent)).astype(np.float32)
    feeds: Feeds = {"noise": noise, "labels": np.arange(IMAGES) % 2}
    small = quantised(export_generator(generator, as_convolution), [feeds])
    resize = None if chosen.architecture == "dcgan" else export_generator(generator, _as_resize)
    return Forms(export_generator(generator), small, feeds, goal=2.5, resize=resize)


class _Resized(nn.Module):
    def __init__(self, layer: UpConv2d) -> None:
        super().__init__()
        self.weight, self.bias = layer.weight, layer.bias

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(F.interpolate(x, scale_factor=2.0, mode="nearest"), self.weight, self.bias, padding=1)


@torch.no_grad()
def _as_resize(network: nn.Module) -> nn.Module:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, UpConv2d):
                setattr(module, name, _Resized(child))
    return network


ROWS: dict[str, Callable[[], Forms]] = {
    "edgenet-16-28": lambda: _classifier("edgenet", 16, (1, 28, 28)),
    "edgenet-32-28": lambda: _classifier("edgenet", 32, (1, 28, 28)),
    "edgenet-64-28": lambda: _classifier("edgenet", 64, (1, 28, 28)),
    "edgenet-16-64": lambda: _classifier("edgenet", 16, (1, 64, 64)),
    "edgenet-32-64": lambda: _classifier("edgenet", 32, (1, 64, 64)),
    "edgenet-64-64": lambda: _classifier("edgenet", 64, (1, 64, 64)),
    "resnet18-28": lambda: _classifier("resnet18", 16, (1, 28, 28)),
    "resnet18-64": lambda: _classifier("resnet18", 16, (1, 64, 64)),
    "cpu-fast-28": lambda: generator_forms("cpu-fast", 28),
    "cpu-fast-64": lambda: generator_forms("cpu-fast", 64),
    "dcgan-64": lambda: generator_forms("dcgan", 64),
}

if __name__ == "__main__":
    main(Options())

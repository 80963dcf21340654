import numpy as np
import pytest
import torch
from torch import nn

from synthetyk.compression.onnx_export import export_classifier
from synthetyk.data.dataset import Dataset
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier, build_network
from synthetyk.training.classifier_trainer import ClassifierTrainer
from synthetyk.training.generator_file import GeneratorCard, LoadedGenerator


@pytest.fixture(scope="session")
def untrained():
    """Make a classifier whose weights are random everywhere, also in its normalisation."""

    def make(encoder="edgenet", shape=(1, 28, 28), classes=3, width=8, temperature=1.3):
        config = ClassifierConfig(encoder=encoder, width=width)
        network = build_network(config, shape, classes)
        shaken(network)
        names = tuple(f"class {k}" for k in range(classes))
        return TrainedClassifier(network.eval(), config, names, shape, (), 0, False, temperature)

    return make


@pytest.fixture(scope="session")
def exported(untrained):
    """The ONNX file of one of them."""
    return export_classifier(untrained())


@pytest.fixture(scope="session")
def drawing():
    """Make a generator with random weights."""

    def make(architecture="upconv", classes=2, noise_scale=1.2):
        shape = NetworkConfig(architecture=architecture, resolution=28, classes=classes, width=16, latent=8)
        network = build_generator(shape, 0, "test")
        shaken(network)
        names = tuple(f"class {k}" for k in range(classes))
        card = GeneratorCard(
            network=shape,
            class_names=names,
            image_shape=(1, 28, 28),
            seed=3,
            kimg=1.0,
            training_sha256="0" * 64,
            noise_scale=noise_scale,
        )
        return LoadedGenerator(network.eval().requires_grad_(False), card)

    return make


@pytest.fixture(scope="session")
def discs():
    """Grey 28x28 images in three splits: a bright disc on the left or on the right; two images of each patient."""
    count = 96
    rng = np.random.default_rng(0)
    labels = (np.arange(count) // 2 % 2).astype(np.int64)
    row, column = np.mgrid[:28, :28]
    y, x = rng.uniform(8, 20, count), rng.uniform(4, 14, count) + 10 * labels
    distance = np.hypot(row - y[:, None, None], column - x[:, None, None])
    images = 30 + 190 / (1 + np.exp(distance - 5)) + rng.normal(0, 20, (count, 28, 28))
    splits = np.array(["train", "val", "test"])[np.arange(count) // 2 % 6 // 2]
    keys = np.array([f"{number}.png" for number in range(count)])
    pixels = images.clip(0, 255).astype(np.uint8)[:, None]
    return Dataset(pixels, labels, np.arange(count) // 2, splits, keys, ("left", "right"))


@pytest.fixture(scope="session")
def trained(discs):
    """A classifier that has learned them."""
    config = ClassifierConfig(width=16, steps=80, batch_size=16, evaluate_every=20)
    return ClassifierTrainer(config, discs.train, discs.val).fit()


@torch.no_grad()
def shaken(network: nn.Module) -> None:
    """Give normalisation and head what a training would give them: nothing is neutral any more."""
    random = torch.Generator().manual_seed(5)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.running_var):
                tensor.uniform_(0.5, 1.5, generator=random)
            for tensor in (module.bias, module.running_mean):
                tensor.uniform_(-0.3, 0.3, generator=random)
        if isinstance(module, nn.Linear):
            module.weight.normal_(std=0.3, generator=random)


@pytest.fixture(scope="session")
def answers():
    """Return a function that runs an ONNX file on named inputs."""
    import onnxruntime

    def run(data: bytes, **inputs: np.ndarray) -> list[np.ndarray]:
        session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        return session.run(None, inputs)

    return run

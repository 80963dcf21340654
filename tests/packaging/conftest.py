"""A small run's models, trained on nothing: what is packaged need not be good."""

import numpy as np
import pytest
from tests.report.conftest import _evaluation, _fingerprint, _privacy, _study

from synthetyk.data.cache import CacheRecord
from synthetyk.data.classes import ClassWords, classes_of
from synthetyk.data.pixels import DepthRule
from synthetyk.models.gan_network import NetworkConfig, build_generator
from synthetyk.packaging.inputs import PackageInputs
from synthetyk.training.classifier import ClassifierConfig, TrainedClassifier, build_network
from synthetyk.training.generator_file import GeneratorCard, save_generator

CLASSES = ("normal", "benign", "malignant")
SHAPE = (1, 28, 28)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Return a folder with ``generator.safetensors`` and ``classifier``."""
    folder = tmp_path_factory.mktemp("models")
    network = NetworkConfig(architecture="upconv", resolution=28, classes=3, latent=16, width=8)
    card = GeneratorCard(
        network=network,
        class_names=CLASSES,
        image_shape=SHAPE,
        seed=5,
        kimg=1,
        training_sha256="",
        noise_scale=1.1,
    )
    save_generator(folder / "generator.safetensors", build_generator(network, 0, "test"), card)
    config = ClassifierConfig(width=8)
    classifier = TrainedClassifier(
        build_network(config, SHAPE, 3).eval(), config, CLASSES, SHAPE, (), 0, True, temperature=1.7
    )
    classifier.save(folder / "classifier")
    return folder


@pytest.fixture(scope="session")
def inputs(models):
    """Everything that a whole run leaves."""
    rule = DepthRule(bits=12, text="12 of 16 bits used")
    return PackageInputs(
        title="mine",
        cache=CacheRecord(size=SHAPE[1:], channels=1, fit="pad", depth_rule=rule, class_names=CLASSES),
        fingerprint=_fingerprint(),
        fingerprint_sha256="12" * 32,
        generator=models / "generator.safetensors",
        classifier=models / "classifier",
        evaluation=_evaluation(),
        privacy=_privacy(),
        study=_study("helps"),
        classes=classes_of(CLASSES, {"benign": ClassWords(title="Benign mass")}),
    )


@pytest.fixture(scope="session")
def built(inputs, tmp_path_factory):
    """Return the folder of its package, and the manifest; tests read it only."""
    from synthetyk.packaging.build import build_package

    folder = tmp_path_factory.mktemp("built") / "package"
    return folder, build_package(inputs, folder)


@pytest.fixture(scope="session")
def images():
    return np.random.default_rng(0).integers(0, 256, (5, *SHAPE), dtype=np.uint8)

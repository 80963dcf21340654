import pytest
from tests.runtime.tiny import classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest

from synthetyk.runtime.package import open_package, write_package


@pytest.fixture
def package_folder(tmp_path):
    """A package with a classifier and a generator."""
    folder = tmp_path / "package"
    files = {"classifier.onnx": tiny_classifier(), "generator.onnx": tiny_generator(), "model-card.md": b"# Tiny\n"}
    write_package(folder, tiny_manifest(classifier_part(), generator_part()), files)
    return folder


@pytest.fixture
def package(package_folder):
    return open_package(package_folder)

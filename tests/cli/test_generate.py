"""``synthetyk generate`` with a package; with runs it is tested in `test_main.py`."""

import subprocess
import sys

import numpy as np
import pytest
from tests.runtime.tiny import CLASSES, classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest
from typer.testing import CliRunner

from synthetyk.cli.main import app
from synthetyk.core.errors import ConfigError, RequestError, RunError
from synthetyk.evaluation.synthetic_set import load_synthetic, verify
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.package import open_package, write_package

WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from synthetyk.cli.main import main; main()"


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "package"
    write_package(folder, tiny_manifest(None, generator_part()), {"generator.onnx": tiny_generator()})
    return folder


def call(*arguments):
    return CliRunner().invoke(app, ["generate", *map(str, arguments)])


def test_a_package_draws_without_torch_and_the_set_is_whole(package, tmp_path):
    arguments = ["generate", package, "--per-class", "3", "--output", tmp_path / "set"]
    command = [sys.executable, "-c", WITHOUT_TORCH, *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    manifest = verify(tmp_path / "set")
    assert manifest.counts == dict.fromkeys(CLASSES, 3)
    assert len(list((tmp_path / "set").rglob("*.png"))) == 3 * len(CLASSES)


def test_its_images_are_those_that_it_draws_elsewhere(package, tmp_path):
    assert call(package, "--per-class", 20, "--seed", 4, "--output", tmp_path / "set.npz").exit_code == 0
    images, labels = load_synthetic(tmp_path / "set.npz")
    session = GeneratorSession.open(open_package(package))
    for label in range(len(CLASSES)):
        assert np.array_equal(images[labels == label], session.sample(label, range(20), seed=4))


def test_its_set_names_the_file_that_drew_it_and_does_not_say_what_that_met(package, tmp_path):
    call(package, "--per-class", 1, "--output", tmp_path / "set")
    manifest = verify(tmp_path / "set")
    assert manifest.model_sha256 == open_package(package).manifest.files["generator.onnx"].sha256
    assert manifest.met is None


def test_balancing_fills_up_what_the_package_says_that_training_lacked(tmp_path):
    made = tiny_manifest(None, generator_part())
    counts = {name: {"train": number} for name, number in zip(CLASSES, (5, 7, 2), strict=True)}
    made = made.model_copy(update={"data": made.data.replace(counts=counts)})
    write_package(tmp_path / "package", made, {"generator.onnx": tiny_generator()})
    call(tmp_path / "package", "--balance", "--output", tmp_path / "set")
    assert verify(tmp_path / "set").counts == dict(zip(CLASSES, (2, 0, 5), strict=True))


def test_what_a_part_of_the_images_lacked_is_not_guessed(tmp_path):
    made = tiny_manifest(None, generator_part())
    made = made.model_copy(update={"data": made.data.replace(fraction=0.25)})
    write_package(tmp_path / "package", made, {"generator.onnx": tiny_generator()})
    error = call(tmp_path / "package", "--balance", "--output", tmp_path / "set").exception
    assert isinstance(error, ConfigError)
    assert "25%" in str(error)


def test_balanced_training_images_leave_nothing_to_balance(package, tmp_path):
    assert isinstance(call(package, "--balance", "--output", tmp_path / "set").exception, ConfigError)


def test_a_package_has_no_set_of_its_own(package):
    error = call(package).exception
    assert isinstance(error, ConfigError)
    assert "--output" in str(error)


def test_a_package_without_a_generator_says_so(tmp_path):
    write_package(tmp_path / "tells", tiny_manifest(classifier_part(), None), {"classifier.onnx": tiny_classifier()})
    error = call(tmp_path / "tells", "--per-class", 1, "--output", tmp_path / "set").exception
    assert isinstance(error, RequestError)
    assert "no generator" in str(error)


def test_what_is_neither_run_nor_package_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    for name, words in (("folder", "neither a run nor a package"), ("mistyped", "does not exist")):
        error = call(tmp_path / name, "--per-class", 1, "--output", tmp_path / "set").exception
        assert isinstance(error, RunError)
        assert words in str(error)

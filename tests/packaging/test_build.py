import pickletools
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from synthetyk.core.errors import ArtifactError, NotApplicableError, PackageError
from synthetyk.packaging.build import build_package
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.package import INSIDE, open_package
from synthetyk.training.classifier import TrainedClassifier
from synthetyk.training.generator_file import load_generator


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_package_holds_models_manifest_card_and_what_mlflow_reads(built):
    folder, _ = built
    inside = INSIDE.as_posix()
    assert set(files_of(folder)) == {
        *("MLmodel", "model.py", "conda.yaml", "python_env.yaml", "requirements.txt"),
        *(f"{inside}/{name}" for name in ("manifest.json", "classifier.onnx", "generator.onnx", "model-card.md")),
    }


def is_pickle(data):
    try:
        return [code.name for code, _, _ in pickletools.genops(data)][-1] == "STOP"
    except Exception:
        return False


def test_nothing_in_it_is_a_pickle(built):
    assert is_pickle(b"\x80\x05\x95\x04\x00\x00\x00\x00\x00\x00\x00K\x01K\x02\x86\x94.")
    for name, data in files_of(built[0]).items():
        assert not name.endswith((".pkl", ".pickle", ".pt", ".joblib")), name
        assert not is_pickle(data), name
        assert b"cloudpickle" not in data or name == "MLmodel", name
    assert b"python_model:" not in (built[0] / "MLmodel").read_bytes()


def test_no_path_of_this_machine_is_in_it(built, tmp_path):
    for name, data in files_of(built[0]).items():
        assert not re.search(rb"/(tmp|home|root|work|usr)/", data), name


def test_packaging_again_gives_the_same_bytes(built, inputs, tmp_path):
    build_package(inputs, tmp_path / "package")
    assert files_of(tmp_path / "package") == files_of(built[0])


@pytest.mark.parametrize("name", ["MLmodel", "model.py", "requirements.txt"])
def test_the_manifest_vouches_for_what_mlflow_reads_and_runs(built, tmp_path, name):
    shutil.copytree(built[0], tmp_path / "package")
    with (tmp_path / "package" / name).open("ab") as file:
        file.write(b"\n# more\n")
    with pytest.raises(PackageError, match=name):
        open_package(tmp_path / "package")
    assert open_package(tmp_path / "package" / INSIDE)


@pytest.mark.parametrize("place", [".", "artifacts"])
def test_nothing_may_lie_around_the_package_but_what_mlflow_adds(built, tmp_path, place):
    shutil.copytree(built[0], tmp_path / "package")
    (tmp_path / "package/registered_model_meta").write_text("model_name: mine")
    assert open_package(tmp_path / "package")
    (tmp_path / "package" / place / "extra.py").write_text("")
    with pytest.raises(PackageError, match=r"also holds extra\.py"):
        open_package(tmp_path / "package")


def test_what_python_may_run_instead_of_the_code_is_refused_with_the_remedy(built, tmp_path):
    shutil.copytree(built[0], tmp_path / "package")
    (tmp_path / "package/__pycache__").mkdir()
    with pytest.raises(PackageError, match=r"also holds __pycache__.*Remove __pycache__"):
        open_package(tmp_path / "package")


def test_what_lay_there_before_is_replaced(inputs, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package/old").write_text("x")
    build_package(inputs, tmp_path / "package")
    assert not (tmp_path / "package/old").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["package"]


def test_the_requirements_name_no_torch(built):
    needs = (built[0] / "requirements.txt").read_text()
    assert "synthetyk[runtime]==" in needs
    assert all("==" in line for line in needs.split())
    assert "torch" not in needs + (built[0] / "conda.yaml").read_text()


def test_the_packaged_classifier_says_what_the_trained_one_says(built, inputs, images):
    theirs = TrainedClassifier.load(inputs.classifier).probabilities(images)
    ours = ClassifierSession.open(open_package(built[0])).predict(images)
    np.testing.assert_allclose(ours.probabilities, theirs, atol=1e-5)
    np.testing.assert_allclose(ours.activation_maps.mean(axis=(2, 3)), ours.logits, atol=1e-4)


@pytest.mark.parametrize("truncation", [1.0, 0.7])
def test_the_packaged_generator_draws_what_the_trained_one_draws(built, inputs, truncation):
    theirs = load_generator(inputs.generator).sampler().sample(2, range(40), truncation=truncation)
    ours = GeneratorSession.open(open_package(built[0])).sample(2, range(40), truncation=truncation)
    assert np.abs(ours.astype(int) - theirs).max() <= 1  # of 255
    assert (ours != theirs).mean() < 0.001


def test_a_run_without_a_study_makes_a_package_of_the_generator_alone(inputs, tmp_path):
    bare = replace(inputs, classifier=None, study=None, privacy=None, evaluation=None)
    manifest = build_package(bare, tmp_path / "package")
    assert manifest.classifier is None
    assert list(manifest.files) == ["generator.onnx", "model-card.md"]
    assert manifest.verdicts == {}


def test_a_run_without_models_has_nothing_to_package(inputs, tmp_path):
    with pytest.raises(NotApplicableError, match="neither"):
        build_package(replace(inputs, classifier=None, generator=None), tmp_path / "package")


def test_a_damaged_model_leaves_the_old_package(inputs, models, tmp_path):
    build_package(inputs, tmp_path / "package")
    with pytest.raises(ArtifactError):
        build_package(replace(inputs, classifier=tmp_path), tmp_path / "package")
    assert open_package(tmp_path / "package").manifest.classifier

import json

import mlflow
import numpy as np
import pytest

from synthetyk.compression.report import CompressionReport
from synthetyk.core.errors import ArtifactError, ConfigError, MissingDependencyError, RunError
from synthetyk.core.progress import silent
from synthetyk.data.cache import CacheRecord, open_cache
from synthetyk.pipeline import packaging
from synthetyk.pipeline.packaging import check_installed, inputs_of, register_package
from synthetyk.pipeline.run_folder import RunFolder
from synthetyk.pipeline.stage import StageRecord, hashes, record_path, run_stage
from synthetyk.pipeline.stages import BY_NAME
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.generator import GeneratorSession
from synthetyk.runtime.package import open_package
from synthetyk.training.classifier import TrainedClassifier
from synthetyk.training.generator_file import load_generator

pytestmark = pytest.mark.xdist_group("finished run")


def test_a_runs_package_says_what_its_classifier_says_of_test_images(finished):
    images = open_cache(finished.cache).test.all()[:20]
    trained = TrainedClassifier.load(finished.study / "classifier").probabilities(images)
    package = open_package(finished.package)
    assert package.manifest.classifier.precision == CompressionReport.load(finished.compression).classifier.pick
    packaged = ClassifierSession.open(package).predict(images).probabilities
    np.testing.assert_allclose(packaged, trained, atol=0.05)  # it may be in 8 bits


def test_a_runs_package_draws_the_images_of_its_generator(finished):
    drawn = load_generator(finished.generator).sampler().sample(0, range(16))
    packaged = GeneratorSession.open(open_package(finished.package)).sample(0, range(16))
    assert np.abs(packaged.astype(int) - drawn).max() <= 1


def test_the_manifest_fits_the_run(finished):
    manifest = open_package(finished.package).manifest
    record = CacheRecord.load(finished.cache / "cache.json")
    assert manifest.classifier.input.depth_rule == record.depth_rule
    assert manifest.classifier.input.fit == record.fit
    assert set(manifest.verdicts) == {"study", "privacy", "compression"}
    assert manifest.generator.weights_sha256 == json.loads((finished / "generator.json").read_text())["sha256"]


def test_a_run_without_a_study_is_packaged_without_a_classifier(tmp_path, finished):
    (tmp_path / "run").mkdir()
    for name in ("cache", "fingerprint.json", "plan.json", "generator.json", "generator.safetensors"):
        (tmp_path / "run" / name).symlink_to(finished / name)
    found = inputs_of(RunFolder(tmp_path / "run"))
    assert found.classifier is None and found.study is None
    assert found.generator


def test_what_is_missing_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setattr(packaging, "NEEDS", ("mlflow", "no_such_package"))
    with pytest.raises(MissingDependencyError, match=r"takes no_such_package.*synthetyk\[package\]"):
        check_installed()


def test_a_run_that_cannot_package_goes_on_and_packages_once_it_can(copied, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(packaging, "NEEDS", ("no_such_package",))
        run_stage(BY_NAME["package"], copied, silent)
        record = StageRecord.load(record_path(copied, "package"))
        assert (record.status, "no_such_package" in record.reason) == ("not applicable", True)
    assert not run_stage(BY_NAME["package"], copied, silent).skipped


def test_a_signature_does_not_make_the_package_out_of_date(copied):
    (copied.package / "artifacts/package/signature.json").write_text("{}")
    assert run_stage(BY_NAME["package"], copied, silent).skipped


def test_a_changed_model_is_packaged_again(copied):
    (copied.package / "artifacts/package/generator.onnx").write_bytes(b"other")
    assert not run_stage(BY_NAME["package"], copied, silent).skipped
    assert open_package(copied.package)


def test_what_is_of_an_earlier_state_is_not_packaged(copied):
    card = copied / "generator.json"
    card.write_text(card.read_text().replace('"chosen": "', '"chosen": "Another. '))
    record = StageRecord.load(record_path(copied, "train"))
    outputs = record.outputs | hashes(copied, ["generator.json"])
    record.model_copy(update={"outputs": outputs}).save(record_path(copied, "train"))
    with pytest.raises(RunError, match="evaluate, privacy, generate, compress left"):
        run_stage(BY_NAME["package"], copied, silent)


@pytest.fixture
def own_store(copied, empty_store, monkeypatch):
    """The copied run, with a store of its own that is made already: to create its tables takes seconds."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (copied / "mlflow.db").write_bytes(empty_store.read_bytes())
    return copied


def test_a_registered_package_loads_by_its_name(own_store, monkeypatch):
    assert register_package(own_store, "mine") == "models:/mine/1"
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{own_store / 'mlflow.db'}")
    try:
        model = mlflow.pyfunc.load_model("models:/mine/1")
    finally:
        mlflow.set_tracking_uri(before)
    assert len(model.predict(open_cache(own_store.cache).test.all()[:3])) == 3


def test_the_same_package_is_registered_once_and_another_is_another_version(own_store):
    assert [register_package(own_store, "mine") for _ in range(2)] == ["models:/mine/1", "models:/mine/1"]
    manifest = own_store.package / "artifacts/package/manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"title": "', b'"title": "another '))
    assert register_package(own_store, "mine") == "models:/mine/2"


def test_a_package_that_was_signed_since_is_another_version(own_store):
    register_package(own_store, "mine")
    (own_store.package / "artifacts/package/signature.json").write_text("{}")
    assert [register_package(own_store, "mine") for _ in range(2)] == ["models:/mine/2", "models:/mine/2"]


def test_a_name_that_mlflow_would_not_take_is_refused(own_store):
    for name in ("a/b", "it's", ""):
        with pytest.raises(ConfigError, match="name"):
            register_package(own_store, name)


def test_without_a_package_there_is_nothing_to_register(tmp_path):
    with pytest.raises(ArtifactError, match="synthetyk package RUN"):
        register_package(RunFolder(tmp_path), "mine")

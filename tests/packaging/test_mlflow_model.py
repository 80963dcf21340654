import json
import os
import shutil
import subprocess
import sys

import mlflow.pyfunc
import numpy as np
import pytest
from mlflow.models import Model

from synthetyk.core.errors import PackageError
from synthetyk.runtime.classifier import ClassifierSession
from synthetyk.runtime.package import open_package
from synthetyk.runtime.requests import RequestParams


@pytest.fixture(scope="module")
def model(built):
    return mlflow.pyfunc.load_model(str(built[0]))


def test_mlflow_predicts_what_the_runtime_predicts(model, built, images):
    expected = ClassifierSession.open(open_package(built[0])).predict(images).probabilities
    rows = model.predict(images)
    np.testing.assert_allclose([list(each.values()) for each in rows["probabilities"]], expected, atol=1e-6)


def test_mlflow_generates_and_reads_what_it_generated(model):
    drawn = model.predict(None, params={"task": "generate", "label": "benign", "count": 3})
    assert len(model.predict(drawn)) == 3


def test_the_signature_names_every_parameter_with_its_default(built):
    params = Model.load(built[0]).signature.params
    assert {each.name: each.default for each in params} == RequestParams().model_dump()


def test_the_metadata_leads_to_the_manifest(built):
    about = Model.load(built[0]).metadata
    manifest = built[0] / about["manifest"]
    assert json.loads(manifest.read_text())["schema"] == "package/1"
    assert "research only" in about["notice"]


def test_a_key_may_be_asked_for_through_mlflow(built, tmp_path):
    with pytest.raises(PackageError, match="not signed"):
        mlflow.pyfunc.load_model(str(built[0]), model_config={"public_key": str(tmp_path / "key.pem"), "threads": 2})


def test_a_model_that_mlflow_has_loaded_is_still_what_its_manifest_says(built, tmp_path):
    shutil.copytree(built[0], tmp_path / "model")
    code = "import sys, mlflow.pyfunc; mlflow.pyfunc.load_model(sys.argv[1])"
    writing = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run([sys.executable, "-c", code, tmp_path / "model"], env=writing, check=True)
    assert open_package(tmp_path / "model").manifest == built[1]

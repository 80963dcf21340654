import pytest
from tests.runtime.test_signature import keys_in
from typer.testing import CliRunner

from synthetyk.cli import main
from synthetyk.core.errors import MissingDependencyError, PackageError
from synthetyk.pipeline import packaging

pytestmark = pytest.mark.xdist_group("finished run")


def call(*arguments):
    return CliRunner().invoke(main.app, [str(argument) for argument in arguments])


def test_a_run_is_packaged_signed_and_verified(copied, tmp_path):
    private, public = keys_in(tmp_path, "mine")
    packaged = call("package", copied.path, "--sign", private)
    assert packaged.exit_code == 0, packaged.output
    assert "Signed by:" in packaged.output
    verified = call("verify", copied.package, "--public-key", public)
    assert verified.exit_code == 0, verified.output
    assert "the signature fits the key" in verified.output
    assert "classifier.onnx" in verified.output


def test_a_package_that_is_not_signed_is_refused_where_a_key_is_given(finished, tmp_path):
    refused = call("verify", finished.package, "--public-key", keys_in(tmp_path, "mine")[1])
    assert isinstance(refused.exception, PackageError)
    assert "signature" not in call("verify", finished.package).output


def test_the_command_fails_where_it_cannot_package(copied, monkeypatch):
    monkeypatch.setattr(packaging, "NEEDS", ("no_such_package",))
    assert isinstance(call("package", copied.path).exception, MissingDependencyError)


def test_a_package_can_be_registered(copied, empty_store, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (copied / "mlflow.db").write_bytes(empty_store.read_bytes())
    assert "Registered as: models:/mine/1" in call("package", copied.path, "--register", "mine").output

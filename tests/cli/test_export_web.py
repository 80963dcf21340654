import pytest
from tests.service.on_device.conftest import package, web_runtime  # noqa: F401
from typer.testing import CliRunner

from synthetyk.cli import main
from synthetyk.core.errors import PackageError
from synthetyk.service.on_device import web_runtime as module


def call(*arguments):
    return CliRunner().invoke(main.app, [str(argument) for argument in arguments])


def test_a_package_becomes_a_folder_for_any_file_server(package, web_runtime, tmp_path):  # noqa: F811
    done = call("export-web", package.folder, "--output", tmp_path / "page")
    assert done.exit_code == 0, done.output
    assert "http.server" in done.output
    assert (tmp_path / "page/index.html").is_file()
    assert (tmp_path / "page/runtime/ort.wasm").stat().st_size > 10**7


@pytest.mark.parametrize("command", ["export-web", "web-runtime"])
def test_another_archive_of_the_runtime_is_refused(package, tmp_path, command):  # noqa: F811
    (tmp_path / "other.tgz").write_bytes(b"other")
    asked = (package.folder, "--output") if command == "export-web" else ("--into",)
    refused = call(command, *asked, tmp_path / "new", "--runtime", tmp_path / "other.tgz")
    assert isinstance(refused.exception, PackageError)
    assert module.NAME in str(refused.exception)
    assert not (tmp_path / "new").exists()


def test_the_runtime_is_put_where_a_build_wants_it(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "unpack", lambda archive, folder: folder)
    (tmp_path / "given.tgz").touch()
    done = call("web-runtime", "--into", tmp_path / "vendor", "--runtime", tmp_path / "given.tgz")
    assert done.exit_code == 0, done.output
    assert "vendor" in done.output.replace("\n", "")

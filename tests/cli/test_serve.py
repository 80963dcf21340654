import socket

from typer.testing import CliRunner

from synthetyk.cli import main
from synthetyk.core.errors import ArtifactError, ConfigError, StoreError
from synthetyk.service.settings import ServiceSettings


def test_what_is_wrong_is_told_before_anything_is_served(tmp_path, monkeypatch):
    def refused(*arguments):
        return CliRunner().invoke(main.app, ["serve", "--port", "0", *map(str, arguments)]).exception

    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.db").write_text("something else" * 100)
    assert isinstance(refused(tmp_path / "nothing"), ArtifactError)
    assert isinstance(refused("--store", "sqlite:///notes.db"), StoreError)
    assert isinstance(refused("--store", "sqlite:///notes.db", "--workers", 2), StoreError)
    assert isinstance(refused("--store", "memory:", "--workers", 2), ConfigError)
    assert isinstance(refused("--port", 99_999), ConfigError)
    assert "--allow-open" in str(refused("--host", "0.0.0.0"))
    assert isinstance(refused("--keys", tmp_path / "none.json"), ArtifactError)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert isinstance(refused("--port", taken.getsockname()[1]), OSError)


def test_every_setting_is_an_option():
    told = CliRunner().invoke(main.app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    assert not [name for name in ServiceSettings.model_fields if f"--{name.replace('_', '-')}" not in told]

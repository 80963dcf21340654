import importlib.util

import pytest

from synthetyk.cli import entry


def test_without_torch_it_is_said_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else find(name))
    with pytest.raises(SystemExit, match="pip install"):
        entry.main()


def test_with_torch_the_command_runs(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["synthetyk", "--version"])
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 0
    assert "synthetyk" in capsys.readouterr().out

import re
import threading

import pytest
from typer.testing import CliRunner

from synthetyk.cli.main import app
from synthetyk.core.errors import ArtifactError, ConfigError
from synthetyk.core.locks import changing
from synthetyk.service.keys import KeyFile, read_keys


@pytest.fixture
def call(tmp_path):
    """Call ``synthetyk keys`` with a file of keys."""
    return lambda *words: CliRunner().invoke(app, ["keys", *words, "--file", str(tmp_path / "keys.json")])


def test_a_key_is_printed_once_listed_by_name_and_revoked(call, tmp_path):
    key = call("add", "lab", "--scope", "write").output.strip()
    assert re.fullmatch(r"synthetyk_[\w-]{43}", key)
    assert read_keys(tmp_path / "keys.json").find(key).scope == "write"
    listed = call("list").output
    assert re.match(r"lab +write +\d{4}-\d\d-\d\d$", listed)
    assert key not in listed
    assert call("revoke", "lab").exit_code == 0
    assert read_keys(tmp_path / "keys.json").find(key) is None


def test_keys_are_added_to_those_that_are_there(call, tmp_path):
    call("add", "one")
    call("add", "two", "--scope", "admin")
    assert [(each.name, each.scope) for each in read_keys(tmp_path / "keys.json").keys] == [
        ("one", "read"),
        ("two", "admin"),
    ]


def test_keys_that_are_added_at_the_same_moment_are_all_there(call, tmp_path):
    file = tmp_path / "keys.json"
    added = threading.Thread(target=call, args=("add", "two"))
    with changing(file):
        known = KeyFile()
        added.start()
        added.join(0.1)  # long enough to have read the file, if it did not wait
        known.added("one", "read")[0].save(file)
    added.join()
    assert [each.name for each in read_keys(file).keys] == ["one", "two"]


def test_mistakes_are_told_in_words(call, tmp_path):
    assert isinstance(call("add", "lab", "--scope", "root").exception, ConfigError)
    assert isinstance(call("list").exception, ArtifactError)
    assert isinstance(call("revoke", "lab").exception, ArtifactError)
    assert list(tmp_path.iterdir()) == []

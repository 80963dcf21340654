import json
import stat

import pytest

from synthetyk.core.errors import ArtifactError, ConfigError, UnknownNameError
from synthetyk.service.keys import SCOPES, KeyFile, KeyRing, read_keys


@pytest.fixture
def file(tmp_path):
    return tmp_path / "keys.json"


def test_a_key_is_found_again_and_no_other(file):
    keys, mine = KeyFile().added("mine", "write")
    keys, yours = keys.added("yours", "read")
    assert keys.find(mine).name == "mine"
    assert keys.find(yours).name == "yours"
    assert keys.find(mine + "a") is None
    assert keys.find("") is None


def test_the_file_holds_no_key_and_only_its_owner_may_read_it(file):
    keys, key = KeyFile().added("mine", "write")
    keys.save(file)
    assert key not in file.read_text()
    assert key.removeprefix("synthetyk_") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_each_scope_holds_those_below_it():
    opened = {scope: [w for w in SCOPES if KeyFile().added("a", scope)[0].keys[0].opens(w)] for scope in SCOPES}
    assert opened == {"read": ["read"], "write": ["read", "write"], "admin": ["read", "write", "admin"]}


def test_a_name_is_one_key_and_plain_characters():
    keys, _ = KeyFile().added("mine", "read")
    with pytest.raises(ConfigError, match="mine"):
        keys.added("mine", "write")
    with pytest.raises(ConfigError, match="name"):
        keys.added("mine\nyours", "read")


def test_what_nobody_is_called_cannot_be_revoked():
    keys, _ = KeyFile().added("laboratory", "read")
    assert keys.revoked("laboratory").keys == ()
    with pytest.raises(UnknownNameError, match="Did you mean 'laboratory'"):
        keys.revoked("labratory")


def test_a_running_ring_sees_what_was_added_and_revoked(file):
    keys, mine = KeyFile().added("mine", "read")
    keys.save(file)
    ring = KeyRing(file)
    assert ring.find(mine)
    keys, yours = keys.added("yours", "admin")
    assert ring.find(yours) is None
    keys.save(file)
    assert ring.find(yours).scope == "admin"
    keys.revoked("mine").save(file)
    assert ring.find(mine) is None
    assert ring.named("yours").scope == "admin"


@pytest.mark.parametrize("spoil", [lambda file: file.unlink(), lambda file: file.write_text("{")])
def test_a_file_that_cannot_be_read_any_more_opens_nothing_until_it_can(file, spoil, caplog):
    keys, mine = KeyFile().added("mine", "read")
    keys.save(file)
    ring = KeyRing(file)
    spoil(file)
    assert ring.find(mine) is None
    assert ring.find(mine) is None
    assert len(caplog.records) == 1
    keys.save(file)
    assert ring.find(mine)


def test_a_service_does_not_start_without_its_file(file):
    with pytest.raises(ArtifactError, match="keys add NAME"):
        KeyRing(file)
    file.write_text(json.dumps({"schema": "plan/1"}))
    with pytest.raises(ArtifactError, match="keys/1"):
        read_keys(file)


def test_a_key_longer_than_any_is_not_even_hashed(file):
    KeyFile().save(file)
    assert KeyRing(file).find("a" * 1_000_000) is None

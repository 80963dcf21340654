from pathlib import Path

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.store.drivers.cassandra_location import PASSWORD, CassandraLocation


def test_a_url_names_hosts_keyspace_and_options():
    found = CassandraLocation.parse("cassandra://a,b.example:9142/images?datacenter=east&replication=3&username=me")
    assert found == CassandraLocation(("a", "b.example"), 9142, "images", "east", 3, "me")


def test_what_is_left_out_has_the_usual_values():
    assert CassandraLocation.parse("cassandra://[::1]") == CassandraLocation(("::1",), 9042, "synthetyk")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("cassandra://", "names no host"),
        ("cassandra://a b/x", "is no host"),
        ("cassandra://a:1,b:2/x", "ports"),
        ("cassandra://a/drop keyspace", "no name of a keyspace"),
        ("cassandra://a/1x", "no name of a keyspace"),
        ("cassandra://a/x?replicas=3", "Did you mean 'replication'"),
        ("cassandra://a/x?replication=many", "1 to 9 copies"),
        ("cassandra://a/x?replication=0", "1 to 9 copies"),
        ("cassandra://a/x?tls_ca=/nowhere.pem", "a file that is there"),
        ("cassandra://me:secret@a/x", "user name or password"),
    ],
)
def test_what_is_wrong_is_said(url, words):
    with pytest.raises(ConfigError, match=words):
        CassandraLocation.parse(url)


def test_a_certificate_of_our_own_needs_one_to_trust(tmp_path):
    (tmp_path / "cert.pem").write_text("")
    with pytest.raises(ConfigError, match="tls_ca too"):
        CassandraLocation.parse(f"cassandra://a/x?tls_cert={tmp_path / 'cert.pem'}")
    (tmp_path / "ca.pem").write_text("")
    found = CassandraLocation.parse(f"cassandra://a/x?tls_ca={tmp_path / 'ca.pem'}")
    assert found.tls_ca == Path(tmp_path / "ca.pem")


def test_the_password_comes_from_the_environment_and_stands_in_no_message(monkeypatch):
    location = CassandraLocation.parse("cassandra://a/x?username=me")
    monkeypatch.delenv(PASSWORD, raising=False)
    with pytest.raises(ConfigError, match=f"Set {PASSWORD}"):
        _ = location.password
    monkeypatch.setenv(PASSWORD, "secret")
    assert location.password == "secret"
    assert "secret" not in f"{location} {location!r}"
    assert "me" not in str(location)

"""Where a Cassandra is and how one is let in: ``cassandra://HOST[:PORT][,HOST...]/KEYSPACE?OPTION=VALUE&...``."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from synthetyk.core.config import nearest
from synthetyk.core.errors import ConfigError

PORT = 9042
OPTIONS = ("datacenter", "replication", "username", "tls_ca", "tls_cert", "tls_key")
PASSWORD = "SYNTHETYK_CASSANDRA_PASSWORD"


@dataclass(frozen=True)
class CassandraLocation:
    """What a URL says.

    Attributes:
        hosts: Names or addresses of some nodes; they know the others.
        port: Of all nodes.
        keyspace: Where the tables are; made on first use.
        datacenter: The one that has to acknowledge; None: that of the first node that answers.
        replication: Copies that a new keyspace keeps; None: the keyspace has to be there.
        username: Who asks; the password comes from the environment, so that no list of processes shows it.
        tls_ca: File of certificates that the nodes are trusted by; None: no TLS.
        tls_cert: File of our own certificate, where nodes ask for one.
        tls_key: File of its key.
    """

    hosts: tuple[str, ...]
    port: int = PORT
    keyspace: str = "synthetyk"
    datacenter: str | None = None
    replication: int | None = None
    username: str | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @classmethod
    def parse(cls, url: str) -> "CassandraLocation":
        """Read a URL.

        Raises:
            ConfigError: It says something else, or not enough.
        """
        parts = urlsplit(url)
        hosts, port = _hosts(parts.netloc)
        keyspace = parts.path.strip("/") or cls.keyspace
        if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]{0,47}", keyspace):
            raise ConfigError(f"{keyspace!r} is no name of a keyspace", expected="a letter, then letters, digits or _")
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        for name in options:
            if name not in OPTIONS:
                close = nearest(name, OPTIONS)
                action = f"Did you mean {close!r}" if close else f"Known options: {', '.join(OPTIONS)}"
                raise ConfigError(f"The store's URL has an unknown option {name!r}", action=action)
        files = {name: Path(options[name]) for name in ("tls_ca", "tls_cert", "tls_key") if name in options}
        for name, path in files.items():
            if not path.is_file():
                raise ConfigError(f"{name} of the store's URL is {path}", expected="a file that is there")
        if "tls_ca" not in files and files:
            raise ConfigError("The store's URL names our own certificate but none to trust", action="Give tls_ca too")
        return cls(
            hosts=hosts,
            port=port,
            keyspace=keyspace.lower(),
            datacenter=options.get("datacenter"),
            replication=_copies(options.get("replication")),
            username=options.get("username"),
            **files,
        )

    @property
    def password(self) -> str:
        """The password of `username`.

        Raises:
            ConfigError: The environment has none.
        """
        if PASSWORD not in os.environ:
            raise ConfigError(f"There is no password for {self.username}", action=f"Set {PASSWORD}")
        return os.environ[PASSWORD]

    def __str__(self) -> str:
        """Return a name for messages, without whoever is let in."""
        return f"cassandra://{','.join(self.hosts)}:{self.port}/{self.keyspace}"


def _hosts(place: str) -> tuple[tuple[str, ...], int]:
    if "@" in place:
        raise ConfigError(
            "The store's URL holds a user name or password",
            expected=f"the option username=NAME, and the password in {PASSWORD}",
        )
    names, ports = [], set[int]()
    for part in filter(None, place.split(",")):
        found = re.fullmatch(r"([\w.\-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?", part)
        if not found:
            raise ConfigError(f"{part!r} is no host", expected="cassandra://HOST[:PORT][,HOST...]/KEYSPACE")
        names.append(found[1].strip("[]"))
        ports |= {int(found[2])} if found[2] else set()
    if not names:
        raise ConfigError("The store's URL names no host", expected="cassandra://HOST[:PORT][,HOST...]/KEYSPACE")
    if len(ports) > 1:
        raise ConfigError(f"The store's URL names the ports {sorted(ports)}", expected="one port for all nodes")
    return tuple(names), ports.pop() if ports else PORT


def _copies(words: str | None) -> int | None:
    if words is None:
        return None
    if not words.isdigit() or not 1 <= int(words) <= 9:
        raise ConfigError(f"replication of the store's URL is {words!r}", expected="1 to 9 copies of every image")
    return int(words)

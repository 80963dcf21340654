"""A real Cassandra: found by environment variables, started by the script beside the checkout, or skipped by name."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

# The contact points of a cluster, and the folder of one that the script has started.
HOSTS, FOLDER = "SYNTHETYK_CASSANDRA_HOSTS", "SYNTHETYK_CASSANDRA_FOLDER"
SCRIPT = Path(__file__).parents[2] / "shared/cassandra/cassandra"
NODES = int(os.environ.get("SYNTHETYK_CASSANDRA_NODES", "1"))  # three take 3 GB and, on two cores, minutes


class Cluster:
    """One that tests may use."""

    def __init__(self, hosts: str, folder: str | None, nodes: int = NODES) -> None:
        self.hosts, self.folder, self.nodes = hosts, folder, nodes

    @contextmanager
    def keyspace(self, **options):
        """Give the URL of a keyspace that nobody else uses, and take it away afterwards."""
        name = f"test_{uuid4().hex[:12]}"
        words = "&".join(f"{key}={value}" for key, value in {"replication": 1, **options}.items())
        url = f"cassandra://{self.hosts}/{name}?{words}"
        yield url
        from synthetyk.store.drivers.cassandra_location import CassandraLocation
        from synthetyk.store.drivers.cassandra_session import CassandraSession

        session = CassandraSession(CassandraLocation.parse(url))
        drop = f"DROP KEYSPACE IF EXISTS {name}"
        session._patiently(lambda: session._connected().execute(drop, timeout=60))  # a node may just have come back
        session.close()

    def order(self, *words):
        """Give the script an order, for example to kill a node."""
        if self.folder is None:
            pytest.skip(f"the Cassandra is not one that tests may break: {FOLDER} is not set")
        subprocess.run([SCRIPT, *words, "--dir", self.folder], check=True, stdout=subprocess.DEVNULL, timeout=300)


@pytest.fixture(scope="session")
def cassandra(tmp_path_factory):
    """Give a cluster."""
    if hosts := os.environ.get(HOSTS):
        yield Cluster(hosts, os.environ.get(FOLDER))
        return
    if not SCRIPT.exists():
        pytest.skip(f"no Cassandra: {HOSTS} is not set, and there is no script to start one")
    cluster = Cluster("127.0.0.1", str(tmp_path_factory.mktemp("cassandra")))
    cluster.order("start", "--nodes", str(NODES))
    yield cluster
    cluster.order("stop")

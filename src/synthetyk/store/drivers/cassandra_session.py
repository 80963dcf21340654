"""A session with a Cassandra: made after a fork, its orders prepared, its errors ours."""

import os
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from synthetyk.core.errors import ConfigError, MissingDependencyError, StoreError, StoreUnavailableError
from synthetyk.store.drivers.cassandra_location import CassandraLocation
from synthetyk.store.drivers.cassandra_tables import ORDERS, TABLES

if TYPE_CHECKING:
    from cassandra.cluster import Cluster, ResultSet, Session

if find_spec("cassandra") is None:
    raise MissingDependencyError("cassandra-driver is not installed", action="Run: pip install 'synthetyk[cassandra]'")

Answer = TypeVar("Answer")

PATIENCE = 10.0  # seconds for an answer
AGREEMENT = 60.0  # seconds until every node knows a new table
ATTEMPTS = 6
PAUSE = 0.25  # seconds after the first attempt, each time twice as long
AT_ONCE = 8  # orders in flight, so that a large image takes no more memory than it has to


class CassandraSession:
    """Gives orders and waits for their answers; safe to use from several threads, and in a forked process.

    Every order may be given twice without harm, so one that gets no answer is given again.

    Args:
        location: Where it is.
        must_exist: Make no keyspace.
    """

    def __init__(self, location: CassandraLocation, *, must_exist: bool = False) -> None:
        self.location, self.must_exist = location, must_exist
        self._lock = threading.RLock()
        self._process = -1
        self._cluster: Cluster | None = None

    def ask(self, order: str, *values: Any, fetch: int = 100, serial: bool = False) -> "ResultSet":
        """Give one order and return its answer.

        Args:
            order: Its name in `cassandra_tables.ORDERS`.
            values: What it asks for, in order.
            fetch: Rows that come at a time.
            serial: Read what lightweight transactions have decided, and help one to its end that is under way.

        Raises:
            StoreUnavailableError: There was none, several times.
        """
        from cassandra import ConsistencyLevel

        def give() -> "ResultSet":
            statement = self._prepared(order).bind(values)
            statement.fetch_size = fetch
            if serial:
                statement.consistency_level = ConsistencyLevel.LOCAL_SERIAL
            return self._connected().execute(statement, timeout=PATIENCE)

        with self._told():
            return self._patiently(give)

    def _patiently(self, give: Callable[[], Answer]) -> Answer:
        """Try something several times, as long as what goes wrong may be over in a moment."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return give()
            except _passing():
                time.sleep(PAUSE * 2**attempt)
        return give()

    def rows(self, order: str, *values: Any, fetch: int = 100) -> Iterator[Any]:
        """Give one order and yield the rows of its answer, however many come one after the other.

        Raises:
            StoreUnavailableError: Some of them did not come, several times.
        """
        answer = self.ask(order, *values, fetch=fetch)
        while True:
            yield from answer.current_rows
            if not answer.has_more_pages:
                return
            with self._told():
                self._patiently(answer.fetch_next_page)

    def ask_all(self, order: str, values: Sequence[tuple[Any, ...]]) -> None:
        """Give an order with many values, some at once.

        Raises:
            StoreUnavailableError: One of them got no answer.
        """
        from cassandra.concurrent import execute_concurrent_with_args

        with self._told():
            left = list(values)
            for attempt in range(ATTEMPTS):
                said = execute_concurrent_with_args(
                    self._connected(), self._prepared(order), left, concurrency=AT_ONCE, raise_on_first_error=False
                )
                failed = [
                    (value, answer.result_or_exc)
                    for value, answer in zip(left, said, strict=True)
                    if not answer.success
                ]
                if not failed:
                    return
                left = [value for value, _ in failed]
                if attempt == ATTEMPTS - 1:
                    raise failed[0][1]
                time.sleep(PAUSE * 2**attempt)

    def close(self) -> None:
        """End the session, if this process began one."""
        with self._lock:
            if self._cluster and self._process == os.getpid():
                self._cluster.shutdown()
            self._cluster = None
            self._process = -1

    def _connected(self) -> "Session":
        with self._lock:
            if self._process != os.getpid():  # never begun here, or begun by the parent: its sockets are not ours
                self._begin()
            return self._session

    def _prepared(self, order: str) -> Any:
        with self._lock:
            self._connected()
            if order not in self._orders:
                prepared = self._session.prepare(ORDERS[order].format(keyspace=self.location.keyspace))
                prepared.is_idempotent = True
                self._orders[order] = prepared
            return self._orders[order]

    def _begin(self) -> None:
        cluster = _cluster_of(self.location)
        try:
            session = cluster.connect()
            _make_keyspace(session, cluster, self.location, must_exist=self.must_exist)
            there = cluster.metadata.keyspaces[self.location.keyspace].tables
            for name, table in TABLES.items():
                if name not in there:
                    session.execute(table.format(keyspace=self.location.keyspace), timeout=AGREEMENT)
        except BaseException:
            cluster.shutdown()
            raise
        self._orders: dict[str, Any] = {}
        self._cluster, self._session, self._process = cluster, session, os.getpid()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn the driver's errors into ours."""
        from cassandra import DriverException, RequestExecutionException
        from cassandra.cluster import NoHostAvailable

        try:
            yield
        except (DriverException, RequestExecutionException, NoHostAvailable, OSError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreUnavailableError(
                f"The store {self.location} does not answer: {type(error).__name__}: {_short(error)}",
                action="See that enough of its nodes are up, then ask again",
            ) from error


def _cluster_of(location: CassandraLocation) -> "Cluster":
    from cassandra import ConsistencyLevel
    from cassandra.auth import PlainTextAuthProvider
    from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
    from cassandra.policies import DCAwareRoundRobinPolicy, RetryPolicy, TokenAwarePolicy

    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(DCAwareRoundRobinPolicy(local_dc=location.datacenter or "")),
        retry_policy=RetryPolicy(),
        consistency_level=ConsistencyLevel.LOCAL_QUORUM,
        serial_consistency_level=ConsistencyLevel.LOCAL_SERIAL,
        request_timeout=PATIENCE,
    )
    let_in = PlainTextAuthProvider(location.username, location.password) if location.username else None
    return Cluster(
        contact_points=list(location.hosts),
        port=location.port,
        auth_provider=let_in,
        ssl_context=_tls(location),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=PATIENCE,
        control_connection_timeout=PATIENCE,
        max_schema_agreement_wait=AGREEMENT,
    )


def _tls(location: CassandraLocation) -> ssl.SSLContext | None:
    if not location.tls_ca:
        return None
    context = ssl.create_default_context(cafile=str(location.tls_ca))
    context.check_hostname = False  # nodes are met by their addresses; their certificates have to be signed by the CA
    if location.tls_cert:
        context.load_cert_chain(str(location.tls_cert), str(location.tls_key) if location.tls_key else None)
    return context


def _make_keyspace(session: "Session", cluster: "Cluster", location: CassandraLocation, *, must_exist: bool) -> None:
    """Make the keyspace if it is not there.

    Raises:
        StoreError: It has to be there.
        ConfigError: It is not, and nobody said how many copies it is to keep.
    """
    if location.keyspace in cluster.metadata.keyspaces:
        return
    if must_exist:
        raise StoreError(f"There is no store {location}", action="See that its name is right")
    if location.replication is None:
        raise ConfigError(
            f"There is no keyspace {location.keyspace} on {location}",
            action="Say how many copies a new one keeps: add ?replication=3 to the store's URL",
        )
    datacenter = location.datacenter or next(iter(cluster.metadata.all_hosts())).datacenter
    if not re.fullmatch(r"[\w.\- ]+", datacenter):
        raise ConfigError(f"{datacenter!r} is no name of a datacenter", expected="letters, digits and . - _")
    session.execute(
        f"CREATE KEYSPACE IF NOT EXISTS {location.keyspace} WITH replication = "
        f"{{'class': 'NetworkTopologyStrategy', '{datacenter}': {location.replication}}}",
        timeout=AGREEMENT,
    )


def _passing() -> tuple[type[Exception], ...]:
    """Return the errors that may be over in a moment; a node that has not heard of a new table yet calls it invalid."""
    from cassandra import InvalidRequest, OperationTimedOut, ReadFailure, Timeout, Unavailable, WriteFailure
    from cassandra.cluster import NoHostAvailable

    return InvalidRequest, OperationTimedOut, ReadFailure, Timeout, Unavailable, WriteFailure, NoHostAvailable


def _short(error: Exception) -> str:
    words = " ".join(str(error).split())
    return words if len(words) <= 300 else f"{words[:300]}..."

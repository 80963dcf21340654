"""One of three Cassandra nodes is killed while images come in: every request succeeds, and no image is lost."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from tests.faults.test_killed_service import CLIENTS, image_of
from tests.service.served import served, until

from synthetyk.client.client import Client
from synthetyk.store.copy import every_image
from synthetyk.store.open import open_store

EACH = 40  # images of a client before the node is killed, and again after it

pytestmark = pytest.mark.xdist_group("cassandra")


def upload(address, number, acknowledged, killed):
    """Store images, some before and some after the kill; the client asks again where it may."""
    with Client(address) as client:
        for count in range(2 * EACH):
            if count == EACH:
                killed.wait()
            data = image_of(number + CLIENTS * count)
            acknowledged.append((client.put_image(data).id, data))


def test_no_request_fails_and_no_image_is_lost_when_a_node_is_killed(tmp_path, cassandra):
    if cassandra.nodes < 3:
        pytest.skip("the Cassandra has one node: set SYNTHETYK_CASSANDRA_NODES=3")
    acknowledged, killed = list[tuple[str, bytes]](), threading.Event()
    with cassandra.keyspace(replication=3) as url:
        open_store(url).close()  # three nodes take a while to agree on new tables
        with served(tmp_path / "here", "--store", url) as server, ThreadPoolExecutor(CLIENTS) as pool:
            uploads = [pool.submit(upload, server.address, n, acknowledged, killed) for n in range(CLIENTS)]
            try:
                until(lambda: len(acknowledged) > EACH)
                threading.Timer(0.5, killed.set).start()  # some go on before it is dead, some after
                cassandra.order("kill", "2")
            finally:
                killed.set()
            for each in uploads:
                each.result()
        with closing(open_store(url)) as store:
            assert len(acknowledged) == CLIENTS * 2 * EACH
            assert all(store.read(image) == data for image, data in acknowledged)
            assert {record.id for record in every_image(store)} == {image for image, _ in acknowledged}
        cassandra.order("revive", "2")
    print(f"{len(acknowledged)} images with a node of three killed: 0 requests failed, 0 images lost")

import socket
import threading

import pytest
from tests.client.service import image_of
from tests.service.guarded import with_keys
from tests.service.served import served

from synthetyk.client.client import Client
from synthetyk.client.retries import Retries
from synthetyk.core.errors import ServiceRefusedError


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def test_a_client_outlasts_a_server_that_is_killed_and_begun_again(tmp_path):
    file, keys = with_keys(tmp_path)
    options = ("--keys", file, "--port", free_port())
    over = threading.Event()

    def begin_again():
        with served(tmp_path / "here", *options):
            over.wait(60)

    with served(tmp_path / "here", *options) as server:
        client = Client(server.address, key=keys["write"], retries=Retries(attempts=60, first=0.2, longest=0.5))
        record = client.put_image(image_of(1))
        server.process.kill()
        server.process.wait()
    assert not client.health().alive
    second = threading.Thread(target=begin_again)
    second.start()
    try:
        assert client.image(record.id) == record
        assert client.content(record.id) == image_of(1)
        with pytest.raises(ServiceRefusedError):
            client.delete(record.id)
    finally:
        over.set()
        second.join()
        client.close()

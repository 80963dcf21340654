import socket
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient
from tests.data.conftest import deflated_bomb, encode, make_dicom, nested, png, png_bomb  # noqa: F401
from tests.runtime.conftest import package, package_folder  # noqa: F401

from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.drivers.memory import MemoryStore


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def app(store):
    """A service without models."""
    return create_app(ServiceSettings(), store, ServedModels(()))


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def models(package_folder):  # noqa: F811
    """One tiny package with a classifier and a generator."""
    return ServedModels([ServedModel.open(package_folder, ServiceSettings())])


@pytest.fixture
def modelled(store, models):
    """A client of a service with models."""
    app = create_app(ServiceSettings(), store, models)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def half_sent(png):  # noqa: F811
    """Return a function that begins an upload and returns what ends it and gives the answer's first line."""
    opened = []

    def begin(address):
        connection = socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=60)
        opened.append(connection)
        head = f"POST /v1/images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(png)}\r\n\r\n"
        connection.sendall(head.encode() + png[:10])

        def end():
            connection.sendall(png[10:])
            return connection.recv(100_000).split(b"\r\n")[0]

        return end

    yield begin
    for connection in opened:
        connection.close()

import asyncio

import pytest
from starlette.testclient import TestClient

from synthetyk.core.errors import StoreError
from synthetyk.service.asgi import Application
from synthetyk.service.serving import Serving
from synthetyk.store.drivers.sqlite import SqliteStore


@pytest.fixture
def serving(tmp_path):
    return Serving(store=f"sqlite:///{tmp_path}/a.db")


def test_nothing_is_opened_before_it_begins_and_the_store_is_closed_when_it_ends(serving, tmp_path, png, monkeypatch):
    closed = []
    monkeypatch.setattr(SqliteStore, "close", lambda store: closed.append(store.path))
    application = Application(lambda: serving)
    assert not (tmp_path / "a.db").exists()
    with TestClient(application, base_url="http://127.0.0.1") as client:
        assert client.post("/v1/images", content=png).status_code == 201
        assert not closed
    assert closed == [tmp_path / "a.db"]


def test_a_server_that_knows_of_no_beginning_is_answered_too(serving):
    application = Application(lambda: serving)
    client = TestClient(application, base_url="http://127.0.0.1")
    assert client.get("/readyz").status_code == 200
    assert application.open() is application.open()
    application.close()


def test_what_cannot_be_opened_is_told_to_the_server(tmp_path):
    async def begin():
        application = Application(lambda: Serving(packages=(tmp_path / "nothing",), store="memory:"))
        sent = []

        async def receive():
            return {"type": "lifespan.startup"}

        async def send(message):
            sent.append(message)

        await application({"type": "lifespan"}, receive, send)
        return sent

    (said,) = asyncio.run(begin())
    assert said["type"] == "lifespan.startup.failed"
    assert "nothing" in said["message"]


def test_a_store_that_takes_nothing_is_closed_again(serving, tmp_path, monkeypatch):
    def refuse(self):
        raise StoreError("no")

    closed = []
    monkeypatch.setattr(SqliteStore, "check", refuse)
    monkeypatch.setattr(SqliteStore, "close", lambda store: closed.append(store.path))
    with pytest.raises(StoreError):
        Application(lambda: serving).open()
    assert closed == [tmp_path / "a.db"]

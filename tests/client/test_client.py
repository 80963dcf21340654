import inspect
import io
import json

import httpx
import numpy as np
import pytest
from tests.client.service import InProcess, Loop, Sleeps, app_of, client_with, image_of, scripted
from tests.runtime.conftest import package_folder  # noqa: F401
from tests.service.guarded import with_keys

from synthetyk.client import client as module
from synthetyk.client.asynchronous import AsyncClient
from synthetyk.client.client import Client
from synthetyk.core.errors import (
    ConfigError,
    DamagedImageError,
    DecodeError,
    ImageNotFoundError,
    RequestError,
    ServiceError,
    ServiceRefusedError,
    ServiceUnavailableError,
    UnknownNameError,
)

LOCAL = "http://127.0.0.1:8000"


@pytest.fixture(params=["client", "asynchronous"])
def ask(request):
    """Return a function that makes a client of an application, or an asynchronous one that is used like it."""
    opened = []

    def made(app, **options):
        if request.param == "client":
            opened.append(Client(transport=InProcess(app), sleep=Sleeps(), **options))
        else:
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            opened.append(Loop(transport=transport, sleep=Sleeps().later, **options))
        return opened[-1]

    yield made
    for each in opened:
        getattr(each, "end", each.close)()


def test_an_image_goes_in_is_found_read_and_deleted(ask, tmp_path):
    client, data = ask(app_of()), image_of(1)
    (tmp_path / "image.png").write_bytes(data)
    record = client.put_image(tmp_path / "image.png", label="left")
    assert (record.label, record.media_type, record.width) == ("left", "image/png", 9)
    assert client.put_image(data) == client.image(record.id) == record
    assert client.content(record.id) == data
    client.delete(record.id)
    with pytest.raises(ImageNotFoundError):
        client.image(record.id)


def test_all_pages_of_a_list_are_asked_for(ask, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 3)
    monkeypatch.setattr("synthetyk.client.asynchronous.PAGE", 3)
    client = ask(app_of())
    stored = [client.put_image(image_of(number), label="left" if number % 2 else "right").id for number in range(8)]
    assert sorted(each.id for each in client.images()) == sorted(stored)
    assert {each.label for each in client.images(label="left")} == {"left"}
    assert len(list(client.images(label="left"))) == 4
    assert list(client.images(origin="synthetic")) == []
    assert list(client.images(before=0)) == []
    assert len(list(client.images(since=0))) == 8


def test_images_without_a_class_can_be_asked_for(ask):
    client = ask(app_of())
    client.put_image(image_of(1), label="left")
    plain = client.put_image(image_of(2))
    assert list(client.images(label="")) == [plain]


def test_a_stored_image_and_a_new_one_are_predicted_and_what_was_said_is_kept(ask, package_folder):  # noqa: F811
    client = ask(app_of(package_folder))
    found = client.predict_image(image_of(1), label="normal")
    assert found.image.label == "normal"
    assert sum(found.prediction.probabilities.values()) == pytest.approx(1, abs=1e-5)
    again = client.predict(found.image.id, model="package")
    assert again.probabilities == found.prediction.probabilities
    assert {each.id for each in client.predictions(found.image.id)} == {again.id, found.prediction.id}
    with pytest.raises(UnknownNameError, match="expected|Expected"):
        client.predict(found.image.id, model="another")


def test_images_are_drawn_and_kept_if_that_is_wanted(ask, package_folder):  # noqa: F811
    client = ask(app_of(package_folder))
    (model,) = client.models()
    asked = {"label": "benign", "seed": 3, "format": "npy"}
    found = client.generate(4, **asked)
    assert (found.model, found.seed) == (model.sha256, 3)
    images = np.load(io.BytesIO(found.data))
    assert images.shape == (4, *model.generator["shape"])
    assert client.generate(4, **asked).data == found.data
    assert list(client.images()) == []
    client.generate(2, **asked, store=True)
    assert [each.label for each in client.images(origin="synthetic", model=model.sha256)] == ["benign", "benign"]
    with pytest.raises(RequestError, match="class"):
        client.generate(label="another")


def test_errors_are_those_that_the_service_raised(ask):
    client = ask(app_of(max_body=2048))
    with pytest.raises(DecodeError) as raised:
        client.put_image(b"no image")
    assert raised.value.kind == "not_an_image"
    assert "request" in raised.value.__notes__[0]
    with pytest.raises(RequestError, match="label"):
        client.put_image(image_of(1), label="a" * 201)
    with pytest.raises(RequestError, match="too long.*2,048 bytes"):
        client.put_image(b"a" * 4096)
    with pytest.raises(ImageNotFoundError):
        client.delete("ab" * 32)
    with pytest.raises(ImageNotFoundError):
        client.image("../../healthz")


def test_a_key_opens_what_it_opens(ask, tmp_path):
    file, keys = with_keys(tmp_path)
    app = app_of(keys=file)
    record = ask(app, key=keys["write"]).put_image(image_of(1))
    assert ask(app, key=keys["read"]).image(record.id) == record
    with pytest.raises(ServiceRefusedError, match="scope admin"):
        ask(app, key=keys["write"]).delete(record.id)
    with pytest.raises(ServiceRefusedError, match="no key"):
        ask(app).image(record.id)


def test_health_tells_ready_from_alive_from_nothing(ask):
    app = app_of()
    assert ask(app).health().ready
    app.state.service.lifecycle.draining = True
    found = ask(app).health()
    assert (found.alive, found.ready, found.reason) == (True, False, "The service is stopping.")


def test_a_service_that_is_not_there_is_not_alive():
    client = client_with(scripted(httpx.ConnectError)[0])
    found = client.health()
    assert (found.alive, found.ready) == (False, False)
    assert "127.0.0.1:8000 does not answer" in found.reason


def test_both_clients_have_the_same_methods():
    def signatures(kind):
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: list(inspect.signature(each).parameters.values())  # also their kinds, defaults and types
            for name, each in methods
            if not name.startswith("_")
        }

    assert signatures(Client) == signatures(AsyncClient)


def test_what_stands_in_the_query_and_the_body_is_what_was_asked():
    image = {"id": "a" * 64, "size": 1, "created": 1, "media_type": "image/png", "width": 1, "height": 1}
    image |= {"channels": 1, "label": "left", "new field": 1}
    said = {"id": "p", "image": "a" * 64, "model": "m", "created": 1, "probabilities": {"left": 1.0}, "label": "left"}
    transport, got = scripted(
        httpx.Response(201, json=said),
        httpx.Response(200, json={"image": image, "prediction": said | {"new": 1}}),
        httpx.Response(200, json={"predictions": [said, said]}),
        httpx.Response(200, json={"models": [{"sha256": "s", "name": "n", "notice": "", "generator": {"latent": 5}}]}),
    )
    client = client_with(transport)
    assert client.predict("a" * 64, model="m").label == "left"
    found = client.predict_image(b"data", label="left")
    assert (found.image.label, found.prediction.probabilities) == ("left", {"left": 1.0})
    assert len(client.predictions("a" * 64)) == 2
    assert client.models()[0].generator == {"latent": 5}
    assert [f"{each.method} {each.url.raw_path.decode()}" for each in got] == [
        f"POST /v1/images/{'a' * 64}/predictions?model=m",
        "POST /v1/predict?label=left",
        f"GET /v1/images/{'a' * 64}/predictions",
        "GET /v1/models",
    ]
    assert got[1].content == b"data"


def test_drawn_images_come_with_what_they_were_drawn_by():
    headers = {"Synthetyk-Model": "m", "Synthetyk-Seed": "7", "Synthetyk-Generation": "g", "Content-Type": "image/png"}
    transport, got = scripted(httpx.Response(200, content=b"png", headers=headers))
    found = client_with(transport).generate(4, label="left", format="png")
    assert (found.data, found.model, found.seed, found.generation) == (b"png", "m", 7, "g")
    asked = json.loads(got[0].content)
    assert "seed" not in asked
    assert (asked["count"], asked["label"], asked["store"]) == (4, "left", False)


def test_bytes_that_are_not_the_image_are_not_handed_on():
    with pytest.raises(DamagedImageError):
        client_with(scripted(httpx.Response(200, content=b"other"))[0]).content("ab" * 32)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[1]),
        httpx.Response(200, json={"models": 3}),
        httpx.Response(200, json={"models": [{"sha256": 1}]}),
        httpx.Response(418, text="a teapot"),
        httpx.Response(302, headers={"Location": "/login"}),
    ],
)
def test_an_answer_of_something_else_is_told_in_words(answer):
    with pytest.raises(ServiceError):
        client_with(scripted(answer)[0]).models()


@pytest.mark.parametrize("url", ["", "127.0.0.1:8000", "ftp://a", "http://", "http://a:b"])
def test_an_address_that_is_none_is_refused_at_once(url):
    with pytest.raises(ConfigError, match="no address"):
        Client(url)


@pytest.mark.parametrize("key", ["schlüssel", "two words", "line\n"])
def test_a_key_that_is_none_is_refused_at_once(key):
    with pytest.raises(ConfigError, match="no|none"):
        Client(key=key)


def test_the_errors_are_also_builtins():
    assert issubclass(ServiceRefusedError, PermissionError)
    assert issubclass(ServiceUnavailableError, ConnectionError)
    assert str(ServiceUnavailableError("Away", action="Wait")) == "Away. Wait."

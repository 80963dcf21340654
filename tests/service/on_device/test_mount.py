import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.on_device import mount as module
from synthetyk.service.on_device.mount import mount


@pytest.fixture
def client(package, tmp_path, monkeypatch):
    """A service with two names of one package, and a runtime of two empty files."""
    for name in ("ort.js", "ort.wasm"):
        (tmp_path / name).touch()
    monkeypatch.setattr(module, "find_runtime", lambda: tmp_path)
    served = [ServedModel("ab" * 32, name, package, None, None) for name in ("first", "second")]
    app = FastAPI()
    places = [{"path": "/on-device/", "title": "On this <device>", "here": True}]
    mount(app, ServedModels(served), places)
    return TestClient(app)


def test_the_page_lies_below_its_folder(client):
    assert client.get("/on-device", follow_redirects=False).headers["location"] == "/on-device/"
    page = client.get("/on-device/")
    assert page.headers["content-type"].startswith("text/html")
    assert "On this &lt;device&gt;" in page.text
    assert [each["name"] for each in client.get("/on-device/page.json").json()["packages"]] == ["first", "second"]


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("js/main.js", "text/javascript"),
        ("runtime/ort.wasm", "application/wasm"),
        ("style.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_have_the_types_that_browsers_ask_for(client, path, media_type):
    assert client.get(f"/on-device/{path}").headers["content-type"].split(";")[0] == media_type


def test_the_models_are_the_packages_own_bytes(client, package):
    offered = client.get("/on-device/page.json").json()["packages"][0]
    answer = client.get(f"/on-device/{offered['folder']}generator.onnx")
    assert answer.content == package.read("generator.onnx")
    again = client.get(
        f"/on-device/{offered['folder']}generator.onnx", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["nothing", "../app.py", "%2e%2e/app.py", "js/../../mount.py", "/etc/hosts", "models/"]
)
def test_no_path_leads_out_of_the_page(client, path):
    assert client.get(f"/on-device/{path}").status_code == 404


def test_a_service_without_models_has_no_page():
    app = FastAPI()
    mount(app, ServedModels(()))
    assert TestClient(app).get("/on-device/").status_code == 404

import pytest
from starlette.testclient import TestClient

from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.on_device import mount as module
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.drivers.memory import MemoryStore


def client_of(*models):
    app = create_app(ServiceSettings(), MemoryStore(), ServedModels(models))
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """A runtime of two empty files."""
    for name in ("ort.js", "ort.wasm"):
        (tmp_path / name).touch()
    monkeypatch.setattr(module, "find_runtime", lambda: tmp_path)


@pytest.fixture
def client(package, runtime):
    """A service with two names of one package."""
    return client_of(*(ServedModel("ab" * 32, name, package, None, None) for name in ("first", "second")))


def test_the_page_lies_below_its_folder(client):
    assert client.get("/on-device", follow_redirects=False).headers["location"] == "/on-device/"
    page = client.get("/on-device/")
    assert page.headers["content-type"].startswith("text/html")
    assert '<a href="/on-device" aria-current="page">On this device</a>' in page.text
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


def test_the_services_own_policy_lets_the_page_run(client):
    said = client.get("/on-device/js/worker.js").headers["content-security-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in said
    assert "connect-src 'self';" in said


def test_a_service_without_models_says_so(runtime):
    assert "No model is served." in client_of().get("/on-device/").text


def test_a_service_without_the_runtime_says_how_to_get_it(package, monkeypatch):
    monkeypatch.setattr(module, "find_runtime", lambda: None)
    page = client_of(ServedModel("ab" * 32, "first", package, None, None)).get("/on-device/").text
    assert "synthetyk web-runtime" in page
    assert "main.js" not in page

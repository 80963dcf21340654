import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient
from tests.runtime.tiny import CLASSES, classifier_part, generator_part, tiny_classifier, tiny_generator, tiny_manifest

from synthetyk.data.fingerprint import inspect
from synthetyk.runtime.package import write_package
from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModel, ServedModels
from synthetyk.service.pages.jobs import Job
from synthetyk.service.settings import ServiceSettings
from synthetyk.store.record import NewImage

FAKE = (sys.executable, "-S", "-u", str(Path(__file__).with_name("fake_command.py")))


@pytest.fixture
def runs_root(tmp_path):
    """A folder of runs; whatever was started there is ended."""
    root = tmp_path / "runs"
    root.mkdir()
    yield root
    for log in root.glob("*/*.log"):
        if process := Job(log.parent, log.name).process():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@pytest.fixture
def data_root(tmp_path):
    root = tmp_path / "data"
    (root / "chest").mkdir(parents=True)
    (root / "broken").mkdir()
    (root / "set.npz").touch()
    (tmp_path / "secret").mkdir()
    return root


@pytest.fixture(scope="session")
def fake(tmp_path_factory):
    """The command that stands for ours, with what it says of a data set."""
    folder = tmp_path_factory.mktemp("command")
    script = folder / "fake_command.py"
    script.write_text(Path(FAKE[-1]).read_text())
    inspect("phantom:n=30,size=28").fingerprint.save(folder / "fingerprint.json")
    return (*FAKE[:-1], str(script))


@pytest.fixture
def settings(runs_root, data_root):
    return ServiceSettings(runs_root=runs_root, data_root=data_root)


@pytest.fixture
def app(settings, store, fake):
    """A service without models, with folders of runs and data sets."""
    app = create_app(settings, store, ServedModels(()))
    app.state.command = fake
    return app


@pytest.fixture
def model(tmp_path, settings):
    """A tiny classifier and generator, served."""
    files = {"classifier.onnx": tiny_classifier(), "generator.onnx": tiny_generator()}
    folder = tmp_path / "tiny"
    write_package(folder, tiny_manifest(classifier_part(), generator_part()), files)
    return ServedModel.open(folder, settings)


@pytest.fixture
def app_with_model(settings, store, fake, model):
    """A service with a model."""
    app = create_app(settings, store, ServedModels([model]))
    app.state.command = fake
    return app


@pytest.fixture
def served(app_with_model):
    """As `pages`, of a service with a model."""
    with TestClient(app_with_model, base_url="http://127.0.0.1") as client:
        yield Pages(client)


@pytest.fixture
def picture(encode):
    """Return PNGs that differ."""

    def made(number=0, size=8):
        return encode(np.full((size, size), 5 * number, dtype=np.uint8), "PNG")

    return made


@pytest.fixture
def reals(store, picture):
    """Six real images of each class but the last, of which there are two."""

    def kept(label, number):
        about = NewImage(media_type="image/png", width=8, height=8, channels=1, label=label)
        return store.put(picture(number), about, created=1_000 + number).id

    counts = zip(CLASSES, (range(6), range(6, 12), range(12, 14)), strict=True)
    return {label: [kept(label, number) for number in numbers] for label, numbers in counts}


@pytest.fixture
def pages(app):
    """A browser without scripts: it sends forms with the token of a page."""
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield Pages(client)


class Pages:
    """Reads pages and sends their forms."""

    def __init__(self, client):
        self.client = client
        client.headers["Accept"] = "text/html"

    def get(self, path, status=200):
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path, *, status=303, **values):
        token = self.token()
        answer = self.client.post(path, data={"csrf_token": token, **values}, follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.headers["location"] if status == 303 else answer.text

    def upload(self, path, *files, status=303, **values):
        """Send files; return where the answer leads, or what it says."""
        parts = [("file", (f"patient-{number}.bin", data)) for number, data in enumerate(files)]
        said = {"csrf_token": self.token(), **values}
        answer = self.client.post(path, data=said, files=parts or [("file", ("", b""))], follow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer.headers["location"] if status == 303 else answer.text

    def token(self):
        return re.search(r'name="csrf_token" value="([\w-]+)"', self.get("/runs"))[1]


def until(found, seconds=10):
    """Wait for something, and return it."""
    end = time.monotonic() + seconds
    while not (it := found()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
    return it

import contextlib
import os
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from synthetyk.data.fingerprint import inspect
from synthetyk.service.app import create_app
from synthetyk.service.models import ServedModels
from synthetyk.service.pages.jobs import Job
from synthetyk.service.settings import ServiceSettings

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
def pages(app):
    """A browser without scripts: it sends forms with the token of a page."""
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield Pages(client)


class Pages:
    """Reads pages and sends their forms."""

    def __init__(self, client):
        self.client = client

    def get(self, path, status=200):
        answer = self.client.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path, *, status=303, **values):
        token = self.token()
        answer = self.client.post(path, data={"csrf_token": token, **values}, follow_redirects=False)
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

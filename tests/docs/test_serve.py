"""The commands of docs/how-to/serve.md, in a shell, with a real server."""

import os
import re
import signal
import subprocess
import sys

import pytest
from tests.client.service import image_of
from tests.runtime.conftest import package_folder  # noqa: F401
from tests.service.served import served, until

PATIENCE = 120


@pytest.fixture
def blocks(root):
    """The page's shell commands."""
    page = (root / "docs/how-to/serve.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@pytest.fixture
def shell(tmp_path, package_folder):  # noqa: F811
    """Return a function that starts commands in a shell, with a package where the page has one."""
    started = []

    def start(commands, address="http://127.0.0.1:8000"):
        words = commands.replace("runs/mine/package", str(package_folder)).replace("http://127.0.0.1:8000", address)
        words = re.sub(r"^(synthetyk|gunicorn) ", rf"{sys.executable} -m \1 ", words, flags=re.MULTILINE)
        environment = os.environ | {"SYNTHETYK_SERVE_PORT": address.rpartition(":")[2]}
        with (tmp_path / "shell.log").open("wb") as log:
            shell = subprocess.Popen(
                ["bash", "-e", "-o", "pipefail", "-c", words],
                cwd=tmp_path,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(shell)
        return shell

    yield start
    for shell in started:
        try:
            os.killpg(shell.pid, signal.SIGKILL)  # also what the shell has left in the background
        except ProcessLookupError:
            continue
        shell.wait()


def test_the_first_image_comes_with_one_command(blocks, shell, tmp_path, free_port):
    first = next(block for block in blocks if "first.png" in block)
    done = shell(first, f"http://127.0.0.1:{free_port}").wait(PATIENCE)
    assert done == 0, (tmp_path / "shell.log").read_text()
    assert (tmp_path / "first.png").read_bytes().startswith(b"\x89PNG")


def test_what_can_be_asked_is_answered(blocks, shell, tmp_path, package_folder):  # noqa: F811
    (tmp_path / "image.png").write_bytes(image_of(1))
    (asked,) = [block for block in blocks if "/v1/predict" in block]
    with served(tmp_path / "here", package_folder) as server:
        done = shell(asked, server.address).wait(PATIENCE)
    assert done == 0, (tmp_path / "shell.log").read_text()
    told = (tmp_path / "shell.log").read_text()
    assert '"label":"normal"' in told
    assert '"probabilities"' in told


def test_gunicorn_begins_as_the_page_has_it(blocks, shell, tmp_path, free_port):
    (command,) = [block for block in blocks if "gunicorn" in block]
    gunicorn = shell(command.replace("127.0.0.1:8000", f"127.0.0.1:{free_port}"))

    def begun():
        assert gunicorn.poll() is None, (tmp_path / "shell.log").read_text()
        return (tmp_path / "shell.log").read_text().count("Booting worker") == 2 and (tmp_path / "images.db").exists()

    until(begun)

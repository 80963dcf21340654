"""The examples of docs/how-to/ask-a-service.md, asked of a real server."""

import os
import re
import subprocess
import sys

import pytest
from tests.client.service import image_of
from tests.runtime.conftest import package_folder  # noqa: F401
from tests.service.guarded import with_keys
from tests.service.served import served

from synthetyk.client.client import Client


@pytest.fixture
def examples(root):
    """Return a function that returns all examples in a language."""
    page = (root / "docs/how-to/ask-a-service.md").read_text()
    return lambda language: re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def test_the_examples_do_what_they_say(examples, tmp_path, package_folder):  # noqa: F811
    file, keys = with_keys(tmp_path)
    (tmp_path / "image.png").write_bytes(image_of(1))
    commands = [["bash", "-e", "-o", "pipefail", "-c", each] for each in examples("sh") if "curl" in each]
    commands += [[sys.executable, "-c", each] for each in examples("python")]
    assert len(commands) == 6
    with served(tmp_path / "here", package_folder, "--keys", file) as server:
        for command in commands:
            asked = [word.replace("http://127.0.0.1:8000", server.address) for word in command]
            environment = os.environ | {"KEY": keys["write"]}
            done = subprocess.run(asked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"
        with Client(server.address, key=keys["read"]) as client:
            (record,) = client.images()
            assert len(client.predictions(record.id)) == 3
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")

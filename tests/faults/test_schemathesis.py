"""A program that reads the service's description asks it everything that the description allows, and what it does not.

``SYNTHETYK_EXAMPLES`` says how many requests of each kind.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.runtime.conftest import package_folder  # noqa: F401
from tests.service.guarded import with_keys
from tests.service.served import served

EXAMPLES = os.environ.get("SYNTHETYK_EXAMPLES", "4")
CONFIG = Path(__file__).with_name("schemathesis.toml")


def test_the_service_does_what_its_description_says(tmp_path, package_folder):  # noqa: F811
    file, keys = with_keys(tmp_path)
    with served(tmp_path / "here", package_folder, "--keys", file, "--store", "memory:") as server:
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", CONFIG, "run"]
        options = ["--checks", "all", "--max-examples", EXAMPLES, "--seed", "1", "--no-color", "--continue-on-failure"]
        where = [f"{server.address}/openapi.json", "--header", f"Authorization: Bearer {keys['admin']}"]
        done = subprocess.run(
            [*command, *where, *options], cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False
        )
    assert done.returncode == 0, done.stdout

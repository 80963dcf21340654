import os
import signal
import subprocess
import sys

import pytest

from synthetyk.core.errors import RunLockedError
from synthetyk.pipeline.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from synthetyk.pipeline.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_and_told_who_holds_it(tmp_path, holder):
    with pytest.raises(RunLockedError, match=f"in use by process {holder.pid}"), locked(tmp_path):
        pass


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_is_free_again_afterwards(tmp_path):
    for _ in range(2):
        with locked(tmp_path):
            pass

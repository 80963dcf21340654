import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthetyk.core.processes import serve_parent

SCRIPT = """
import multiprocessing, os, time
from synthetyk.core.processes import serve_parent

def work():
    serve_parent()
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    multiprocessing.get_context("spawn").Process(target=work).start()
    time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to see whether a process lives")
def test_a_worker_ends_when_its_parent_is_killed(tmp_path):
    (tmp_path / "parent.py").write_text(SCRIPT)
    parent = subprocess.Popen([sys.executable, tmp_path / "parent.py"], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    assert is_alive(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 20
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(worker)


def test_it_is_for_worker_processes_only():
    assert multiprocessing.parent_process() is None
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(RuntimeError, match="worker"):
        serve_parent()
    assert signal.getsignal(signal.SIGINT) is before

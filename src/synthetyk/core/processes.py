"""Worker processes that never outlive the process that started them."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def serve_parent() -> None:
    """Call first in a worker: Ctrl-C is the parent's business, and its death, however sudden, ends the worker too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "serve_parent is for worker processes"
    wait([parent.sentinel])
    os._exit(1)

"""Worker processes that never outlive the process that started them."""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait


def serve_parent() -> None:
    """Call first in a worker: Ctrl-C is the parent's business, and its death, however sudden, ends the worker too.

    Raises:
        RuntimeError: This process is no worker.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("serve_parent was called outside a worker process")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)

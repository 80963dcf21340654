"""What tests of the page share: a file server that notes what it was asked, and bytes on their way into JavaScript."""

import base64
import threading
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

import synthetyk.service.on_device

STATIC = Path(synthetyk.service.on_device.__file__).parent / "static"
PATIENCE = 60_000  # milliseconds until a page that does not answer has failed, also on a busy machine
# Arrays go in and come out as base64: as JSON they would take most of the tests' time.
HELPERS = """
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const text = ({ buffer, byteOffset, byteLength }) => {
  const parts = [];
  for (let at = 0; at < byteLength; at += 30000) {
    parts.push(String.fromCharCode(...new Uint8Array(buffer, byteOffset + at, Math.min(30000, byteLength - at))));
  }
  return btoa(parts.join(""));
};
"""


class Recorder(SimpleHTTPRequestHandler):
    """A plain file server that notes what it was asked: method, path and how many bytes came with it.

    As a browser's proxy it notes whatever leaves that browser, and answers for every host.
    """

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.asked.append((self.command, self.path, int(self.headers.get("Content-Length") or 0)))
        self.path = urlsplit(self.path).path
        with suppress(ConnectionError):  # a closed page does not wait for the rest of a file
            super().do_GET()

    do_POST = do_PUT = do_HEAD = do_CONNECT = do_GET  # noqa: N815


@contextmanager
def serving(folder):
    """Serve a folder as ``python -m http.server`` does; yields the server with its `url` and what it was `asked`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Recorder, directory=str(folder)))
    server.asked, server.url = [], f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def new_page(browser):
    """Open a page that waits long enough."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    return page


def packed(data):
    """Return bytes or an array as base64, which `bytes` unpacks in JavaScript."""
    return base64.b64encode(data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes()).decode()


def unpacked(said, dtype=np.uint8):
    """Return the array that `text` packed in JavaScript."""
    return np.frombuffer(base64.b64decode(said), dtype=dtype)

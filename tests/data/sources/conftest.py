"""Small trees of files."""

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def tree(tmp_path: Path, png: bytes) -> Callable[..., Path]:
    """Return a function that writes files below a fresh folder: names alone become PNG files."""

    def make(*names: str, **contents: bytes | str) -> Path:
        files: dict[str, bytes | str] = {**dict.fromkeys(names, png), **contents}
        for name, content in files.items():
            path = tmp_path / "set" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / "set"

    return make

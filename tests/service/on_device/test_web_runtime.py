import hashlib
import io
import os
import tarfile

import pytest

from synthetyk.core.errors import MissingDependencyError, PackageError
from synthetyk.service.on_device import web_runtime as module
from synthetyk.service.on_device.web_runtime import FILES, fetch_runtime, find_runtime, read_archive, unpack


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    """Neither a build nor an earlier fetch left a runtime."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "VENDORED", tmp_path / "vendor")


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Return a function that puts a script in the place of npm."""

    def put(script):
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return put


def archive_of(contents):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as files:
        for name, data in contents.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            files.addfile(about, io.BytesIO(data))
    return stream.getvalue()


def test_what_npm_fetches_is_what_was_pinned(web_runtime):
    assert {name: hashlib.sha256((web_runtime / name).read_bytes()).hexdigest() for name in FILES} == {
        name: sha for name, (_, sha) in FILES.items()
    }
    assert (web_runtime / "ort.js").read_text().startswith(f"/*!\n * ONNX Runtime Web v{module.VERSION}")


def test_nothing_is_found_where_nothing_was_fetched(no_cache):
    assert find_runtime() is None


def test_a_file_that_was_changed_is_not_taken_for_the_runtime(no_cache, web_runtime, tmp_path):
    folder = tmp_path / "vendor"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes((web_runtime / name).read_bytes())
    assert find_runtime() == folder
    (folder / "ort.js").write_bytes(b"other")
    assert find_runtime() is None


def test_another_archive_is_refused(tmp_path):
    with pytest.raises(PackageError, match="another one"):
        unpack(archive_of({member: b"" for member, _ in FILES.values()}), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_an_archive_that_npm_brings_is_checked(no_cache, npm):
    npm("echo not an archive > onnxruntime-web.tgz")
    with pytest.raises(PackageError, match=r"Expected onnxruntime-web@\d"):
        fetch_runtime()


def test_it_is_said_that_npm_cannot_fetch_it(no_cache, npm):
    npm("exit 1")
    with pytest.raises(MissingDependencyError, match="could not fetch.*--runtime"):
        fetch_runtime()


def test_it_is_said_that_npm_is_not_installed(no_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="npm is not installed.*--runtime"):
        fetch_runtime()


def test_an_archive_far_too_large_is_not_read(tmp_path):
    with (tmp_path / "huge.tgz").open("wb") as file:
        file.truncate(module.LARGEST + 1)
    with pytest.raises(PackageError, match="bytes"):
        read_archive(tmp_path / "huge.tgz")

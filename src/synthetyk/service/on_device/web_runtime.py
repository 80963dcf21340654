"""ONNX Runtime Web: fetched through npm in one pinned version, checked, and kept; a page has it from nowhere else."""

import base64
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from synthetyk.core.artifacts import sha256_file, write_bytes
from synthetyk.core.errors import MissingDependencyError, PackageError

VERSION = "1.30.0"
NAME = f"onnxruntime-web@{VERSION}"
SHA512 = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # of npm's archive
LARGEST = 100 * 2**20  # bytes that the archive may have
VENDORED = Path(__file__).parent / "vendor"  # where a build may put the files, for machines without npm
TIMEOUT = 300  # seconds that npm gets

# What is taken from the archive, as which file, and what its bytes must be. File servers know what .js and .wasm are.
FILES = {
    "ort.js": (
        "package/dist/ort.wasm.bundle.min.mjs",
        "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    ),
    "ort.wasm": (
        "package/dist/ort-wasm-simd-threaded.wasm",
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
    ),
}
BY_HAND = f"Fetch {NAME} with npm pack on a machine that can, and give the file with --runtime"


def find_runtime() -> Path | None:
    """Return the folder with the files of the runtime, if a build or an earlier fetch left them whole."""
    return next((folder for folder in (VENDORED, _cache()) if _is_whole(folder)), None)


def fetch_runtime(folder: Path | None = None) -> Path:
    """Return a folder with the files of the runtime, and fetch them with npm if they are not there yet.

    Args:
        folder: Where to keep them; None: in the user's cache.

    Raises:
        MissingDependencyError: npm is not there, or cannot fetch it.
        PackageError: What came is not what was pinned.
    """
    target = folder or _cache()
    return target if _is_whole(target) else unpack(_from_npm(), target)


def unpack(archive: bytes, folder: Path | None = None) -> Path:
    """Take the files of the runtime from npm's archive, given as bytes; see `fetch_runtime`.

    Raises:
        PackageError: It is not the archive of the pinned version.
    """
    if hashlib.sha512(archive).digest() != base64.b64decode(SHA512):
        raise PackageError("The archive of ONNX Runtime Web is another one", expected=NAME, action=BY_HAND)
    target = folder or _cache()
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for name, (member, _) in FILES.items():
            source = files.extractfile(member)
            assert source is not None  # its hash says that the archive is the one we know
            write_bytes(target / name, source.read())
    return target


def read_archive(path: Path) -> bytes:
    """Return an archive's bytes.

    Raises:
        PackageError: It is far larger than the one that is asked for.
    """
    if path.stat().st_size > LARGEST:
        raise PackageError(f"{path} has {path.stat().st_size:,} bytes", expected=NAME, action=BY_HAND)
    return path.read_bytes()


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "synthetyk" / NAME.replace("@", "-")


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() and sha256_file(folder / name) == sha for name, (_, sha) in FILES.items())


def _from_npm() -> bytes:
    """Have npm fetch the archive from whatever registry it is set up for."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", NAME, "--pack-destination", folder, "--ignore-scripts", "--silent"]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT, cwd=folder)
        except FileNotFoundError as error:
            raise MissingDependencyError(
                "npm is not installed", expected="npm, which fetches it", action=BY_HAND
            ) from error
        except subprocess.SubprocessError as error:
            raise MissingDependencyError(
                f"npm could not fetch {NAME}", expected="a registry that has it", action=BY_HAND
            ) from error
        return read_archive(next(Path(folder).glob("*.tgz")))

"""A package of models on disk: opened only if it is, byte for byte, what its manifest says."""

import hashlib
import os
import stat
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from synthetyk.core.artifacts import parse_json, write_bytes
from synthetyk.core.errors import ArtifactError, PackageError
from synthetyk.runtime.manifest import MANIFEST, OWN_FILES, SIGNATURE, FileRecord, PackageManifest

INSIDE = Path("artifacts/package")  # where the package lies in an MLflow model
ADDED = frozenset({"registered_model_meta"})  # what MLflow adds to a model that is loaded by its registered name
BYTECODE = "__pycache__"  # never allowed: Python would run what lies there instead of the code that was checked
SMALL = 16 * 2**20  # bytes that manifest or signature may have
COPY_AGAIN = "Copy or make the package again, and use it only if you know why it changed"


@dataclass(frozen=True)
class Package:
    """A package whose files were found to be those of its manifest.

    Attributes:
        folder: Where it lies.
        manifest: What it says of itself.
        signed_by: The public key that its signature was checked with, as hexadecimal digits; empty if none was given.
    """

    folder: Path
    manifest: PackageManifest
    signed_by: str = ""

    def read(self, name: str) -> bytes:
        """Return a file of the package; it is checked again, so that what is used is what was checked.

        Raises:
            PackageError: It is not, or no longer, what the manifest says.
        """
        return _checked(self.folder / name, self.manifest.files[name])


def open_package(path: Path, public_key: Path | None = None) -> Package:
    """Open a package, or the one in an MLflow model.

    Nothing in it is executed. Every file is read and hashed, those of the MLflow model too if `path` is its folder;
    nothing else may lie there.

    Args:
        path: Folder of the package, or of the MLflow model around it.
        public_key: PEM file with the Ed25519 key that must have signed it; None: whoever made it is trusted.

    Raises:
        PackageError: A file is missing, too many, changed, or a link; or the signature is not of that key.
        NewerSchemaError: A newer Synthetyk made it.
        ArtifactError: There is no package, or its manifest is no manifest.
    """
    folder = _folder(path)
    said = _read(folder / MANIFEST, SMALL)
    signed_by = _check_signature(folder, said, public_key) if public_key else ""
    manifest = PackageManifest.restore(parse_json(said, str(folder / MANIFEST)), str(folder / MANIFEST))
    _check_files(folder, manifest.files, besides=frozenset(OWN_FILES))
    if folder != path:
        _check_files(path, manifest.around, besides=ADDED | {INSIDE.parts[0]})
        _check_files(folder.parent, {}, besides=frozenset({INSIDE.name}))
    return Package(folder, manifest, signed_by)


def is_package(path: Path) -> bool:
    """Tell whether a folder is one of a package, or of the MLflow model around one, by the names in it."""
    return any((folder / MANIFEST).is_file() for folder in (path, path / INSIDE))


def record_of(data: bytes) -> FileRecord:
    """Return what the manifest says of a file with these bytes."""
    return FileRecord(sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def sign_package(path: Path, key: Path) -> str:
    """Sign a package with the Ed25519 private key in a PEM file; return the public key as hexadecimal digits.

    Raises:
        ConfigError: There is no such key.
        PackageError: The package is not what its manifest says.
    """
    from synthetyk.runtime.signature import sign

    folder = open_package(path).folder
    signature = sign(_read(folder / MANIFEST, SMALL), key)
    signature.save(folder / SIGNATURE)
    return signature.public_key


def write_package(folder: Path, manifest: PackageManifest, files: Mapping[str, bytes]) -> PackageManifest:
    """Write a package's files into a new folder, the manifest last; return it with the hash of each of them.

    Args:
        folder: New or empty.
        manifest: With any `files`, which are replaced.
        files: Bytes by plain name.
    """
    whole = with_files(manifest, files)
    for name, data in files.items():
        write_bytes(folder / name, data)
    whole.save(folder / MANIFEST)
    return whole


def with_files(manifest: PackageManifest, files: Mapping[str, bytes]) -> PackageManifest:
    """Return a manifest that names these files with their hashes, and no others."""
    records = {name: record_of(files[name]).model_dump() for name in sorted(files)}
    return PackageManifest.model_validate(manifest.model_dump() | {"files": records})


def seal(model: Path, manifest: PackageManifest) -> PackageManifest:
    """Write the manifest of the package in an MLflow model, which then vouches for that model's own files too.

    Args:
        model: Folder of the MLflow model, whole but for the manifest.
        manifest: Of the files of the package.
    """
    around = {path.name: record_of(path.read_bytes()) for path in sorted(model.iterdir()) if path.is_file()}
    whole = manifest.model_copy(update={"around": around})
    whole.save(model / INSIDE / MANIFEST)
    return whole


def _folder(path: Path) -> Path:
    for folder in (path, path / INSIDE):
        if (folder / MANIFEST).is_file():
            return folder
    found = f"{path} holds no package" if path.exists() else f"{path} does not exist"
    raise ArtifactError(found, expected=f"a folder with {MANIFEST}", action="Make one with: synthetyk package RUN")


def _check_signature(folder: Path, said: bytes, key: Path) -> str:
    from synthetyk.runtime.signature import PackageSignature, check

    path = folder / SIGNATURE
    if not path.exists():
        raise PackageError(f"{folder} is not signed", expected=f"a signature of the key in {key}")
    signature = PackageSignature.restore(parse_json(_read(path, SMALL), str(path)), str(path))
    return check(said, signature, key)


def _check_files(folder: Path, files: Mapping[str, FileRecord], besides: Set[str]) -> None:
    """See that a folder holds these files, as they were, and nothing else that is not known to lie there too."""
    found = {entry.name for entry in folder.iterdir()} - besides
    if missing := sorted(set(files) - found):
        raise PackageError(f"{folder} lacks {', '.join(missing)}", expected="every file that its manifest names")
    if extra := sorted(found - set(files)):
        action = (
            f"Remove {BYTECODE}: Python writes it, and would run it instead of the code" if BYTECODE in extra else ""
        )
        too_many = f"{folder} also holds {', '.join(extra)}"
        raise PackageError(too_many, expected="no file but those of its manifest", action=action)
    for name, record in files.items():
        _checked(folder / name, record)


def _checked(path: Path, record: FileRecord) -> bytes:
    data = _read(path, record.bytes)
    if record_of(data) != record:
        raise PackageError(f"{path} was changed", expected=f"SHA-256 {record.sha256}", action=COPY_AGAIN)
    return data


def _read(path: Path, most: int) -> bytes:
    """Read a regular file that is no link and no larger than expected."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise PackageError(f"{path} cannot be read ({error.strerror})", expected="a file, no link to one") from error
    with os.fdopen(opened, "rb") as file:
        state = os.fstat(opened)
        if not stat.S_ISREG(state.st_mode):
            raise PackageError(f"{path} is no file", expected="a regular file")
        if state.st_size > most:
            raise PackageError(f"{path} has {state.st_size:,} bytes", expected=f"at most {most:,}", action=COPY_AGAIN)
        return file.read(most + 1)

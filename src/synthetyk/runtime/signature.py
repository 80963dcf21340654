"""Ed25519 signatures (RFC 8032): who vouches for a package.

The signature is over the bytes of ``manifest.json``, which holds the hashes of all other files. It can be checked
without Synthetyk: it stands in ``signature.json`` as hexadecimal digits of the 64 bytes that ``openssl`` makes.
"""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from synthetyk.core.artifacts import Artifact
from synthetyk.core.errors import ConfigError, MissingDependencyError, PackageError

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
except ModuleNotFoundError as error:
    raise MissingDependencyError(
        "Signatures take the package cryptography, which is not installed", action="Run: pip install cryptography"
    ) from error

PRIVATE, PUBLIC = "a PEM file with an Ed25519 private key", "a PEM file with an Ed25519 public key"
MAKE = "Make one with: openssl genpkey -algorithm ed25519 -out key.pem"
DERIVE = "Get it from the private key with: openssl pkey -in key.pem -pubout -out public.pem"


class PackageSignature(Artifact):
    """``signature.json`` beside ``manifest.json``.

    Attributes:
        algorithm: Always Ed25519.
        public_key: Of the key that signed, 32 bytes as hexadecimal digits. Whether it is to be trusted is not known
            from here: it is compared with the key that the reader has.
        signature: Over the bytes of ``manifest.json``, 64 bytes as hexadecimal digits.
    """

    schema_name: ClassVar[str] = "signature"

    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str = Field(pattern=r"^[0-9a-f]{64}$")
    signature: str = Field(pattern=r"^[0-9a-f]{128}$")


def sign(data: bytes, key: Path) -> PackageSignature:
    """Sign bytes with the private key in a PEM file (PKCS #8, without a password).

    Raises:
        ConfigError: There is no such key.
    """
    private = _private_key(key)
    public = private.public_key().public_bytes_raw()
    return PackageSignature(public_key=public.hex(), signature=private.sign(data).hex())


def check(data: bytes, signature: PackageSignature, key: Path) -> str:
    """Check a signature against the public key in a PEM file; return that key as hexadecimal digits.

    Raises:
        ConfigError: There is no such key.
        PackageError: Another key signed, or the bytes are not those that were signed.
    """
    public = _public_key(key)
    wanted = public.public_bytes_raw().hex()
    if signature.public_key != wanted:
        raise PackageError(
            f"The package was signed by another key ({signature.public_key[:16]}...)",
            expected=f"the key in {key} ({wanted[:16]}...)",
            action="Do not use it unless you know whose key that is",
        )
    try:
        public.verify(bytes.fromhex(signature.signature), data)
    except InvalidSignature as error:
        raise PackageError(
            "The signature does not fit the manifest", expected="a package as it was signed", action="Do not use it"
        ) from error
    return wanted


def _private_key(path: Path) -> Ed25519PrivateKey:
    data = _bytes(path)
    try:
        key = load_pem_private_key(data, password=None)
    except TypeError as error:
        raise ConfigError(f"The key in {path} has a password", expected="a key without one") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} holds no private key", expected=PRIVATE, action=MAKE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"The key in {path} is no Ed25519 key", expected=PRIVATE, action=MAKE)
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    data = _bytes(path)
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path} holds no public key", expected=PUBLIC, action=DERIVE) from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigError(f"The key in {path} is no Ed25519 key", expected=PUBLIC, action=DERIVE)
    return key


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror})", expected="a PEM file") from error

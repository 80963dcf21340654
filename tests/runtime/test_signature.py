import subprocess

import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from synthetyk.core.artifacts import write_json
from synthetyk.core.errors import ConfigError, PackageError
from synthetyk.runtime.package import open_package, sign_package
from synthetyk.runtime.signature import PackageSignature


def keys_in(folder, name, private=None, password=None):
    """Write a pair of PEM files; return their paths."""
    private = private or ed25519.Ed25519PrivateKey.generate()
    locked = forms.BestAvailableEncryption(password) if password else forms.NoEncryption()
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, locked)
    public = private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{name}.pem").write_bytes(pem)
    (folder / f"{name}.pub.pem").write_bytes(public)
    return folder / f"{name}.pem", folder / f"{name}.pub.pem"


def test_a_signed_package_opens_with_its_key(package_folder, tmp_path):
    private, public = keys_in(tmp_path, "mine")
    signer = sign_package(package_folder, private)
    assert open_package(package_folder, public).signed_by == signer
    assert open_package(package_folder).signed_by == ""


def test_an_unsigned_package_is_refused_where_a_key_was_asked_for(package_folder, tmp_path):
    with pytest.raises(PackageError, match="is not signed"):
        open_package(package_folder, keys_in(tmp_path, "mine")[1])


def test_another_key_is_refused(package_folder, tmp_path):
    sign_package(package_folder, keys_in(tmp_path, "theirs")[0])
    with pytest.raises(PackageError, match="by another key"):
        open_package(package_folder, keys_in(tmp_path, "mine")[1])


def test_another_key_that_claims_to_be_mine_is_refused(package_folder, tmp_path):
    sign_package(package_folder, keys_in(tmp_path, "theirs")[0])
    private, public = keys_in(tmp_path, "mine")
    mine = forms.load_pem_private_key(private.read_bytes(), None).public_key().public_bytes_raw().hex()
    path = package_folder / "signature.json"
    forged = PackageSignature.load(path).model_copy(update={"public_key": mine})
    forged.save(path)
    with pytest.raises(PackageError, match="does not fit"):
        open_package(package_folder, public)


def test_a_manifest_that_was_made_to_fit_a_changed_file_is_refused(package_folder, tmp_path):
    private, public = keys_in(tmp_path, "mine")
    sign_package(package_folder, private)
    manifest = package_folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"tiny"', b'"evil"'))
    assert open_package(package_folder).manifest.title == "evil"
    with pytest.raises(PackageError, match="does not fit"):
        open_package(package_folder, public)


def test_what_was_changed_is_not_signed(package_folder, tmp_path):
    (package_folder / "model-card.md").write_bytes(b"# Evil\n")
    with pytest.raises(PackageError, match="was changed"):
        sign_package(package_folder, keys_in(tmp_path, "mine")[0])


def test_openssl_agrees_with_the_signature(package_folder, tmp_path):
    private, public = keys_in(tmp_path, "mine")
    sign_package(package_folder, private)
    signature = bytes.fromhex(PackageSignature.load(package_folder / "signature.json").signature)
    (tmp_path / "raw").write_bytes(signature)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(public), "-rawin", "-sigfile", "raw"]
    told = subprocess.run(
        [*command, "-in", str(package_folder / "manifest.json")], cwd=tmp_path, capture_output=True, check=False
    )
    if b"rawin" in told.stderr:
        pytest.skip("needs an openssl that knows Ed25519")
    assert told.returncode == 0, told.stderr


def test_keys_of_other_kinds_are_refused_in_words(package_folder, tmp_path):
    private, public = keys_in(tmp_path, "rsa", rsa.generate_private_key(65537, 1024))
    with pytest.raises(ConfigError, match="no Ed25519 key"):
        sign_package(package_folder, private)
    sign_package(package_folder, keys_in(tmp_path, "mine")[0])
    with pytest.raises(ConfigError, match="no Ed25519 key"):
        open_package(package_folder, public)


def test_a_key_with_a_password_is_refused_in_words(package_folder, tmp_path):
    private, _ = keys_in(tmp_path, "locked", password=b"secret")
    with pytest.raises(ConfigError, match="has a password"):
        sign_package(package_folder, private)


def test_the_keys_are_not_taken_for_each_other(package_folder, tmp_path):
    private, public = keys_in(tmp_path, "mine")
    with pytest.raises(ConfigError, match="no private key"):
        sign_package(package_folder, public)
    sign_package(package_folder, private)
    with pytest.raises(ConfigError, match="openssl pkey"):
        open_package(package_folder, private)
    with pytest.raises(ConfigError, match="cannot be read"):
        sign_package(package_folder, tmp_path / "nowhere.pem")


def test_a_signature_of_another_form_is_refused(package_folder, tmp_path):
    public = keys_in(tmp_path, "mine")[1]
    values = {"schema": "signature/1", "algorithm": "none", "public_key": "0" * 64, "signature": "0" * 128}
    write_json(package_folder / "signature.json", values)
    with pytest.raises(ValueError, match="algorithm"):
        open_package(package_folder, public)

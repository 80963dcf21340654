import json
import os

import pytest
from tests.runtime.tiny import generator_part, tiny_manifest

from synthetyk.core.errors import ArtifactError, NewerSchemaError, PackageError
from synthetyk.runtime.package import INSIDE, open_package, write_package


def test_a_package_reads_back(package):
    assert package.manifest.title == "tiny"
    assert list(package.manifest.files) == ["classifier.onnx", "generator.onnx", "model-card.md"]
    assert package.read("model-card.md") == b"# Tiny\n"
    assert package.signed_by == ""


def test_the_same_files_make_the_same_manifest(tmp_path):
    written = []
    for name in ("a", "b"):
        write_package(tmp_path / name, tiny_manifest(None, generator_part()), {"generator.onnx": b"1", "x.md": b"2"})
        written.append((tmp_path / name / "manifest.json").read_bytes())
    assert written[0] == written[1]


def test_a_package_in_an_mlflow_model_is_found(package_folder, tmp_path):
    inside = tmp_path / "model" / INSIDE
    inside.parent.mkdir(parents=True)
    package_folder.rename(inside)
    assert open_package(tmp_path / "model").folder == inside


@pytest.mark.parametrize("name", ["classifier.onnx", "generator.onnx", "model-card.md"])
def test_one_changed_byte_is_found(package_folder, name):
    data = bytearray((package_folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (package_folder / name).write_bytes(data)
    with pytest.raises(PackageError, match=rf"{name} was changed"):
        open_package(package_folder)


def test_a_longer_file_is_found_by_its_size(package_folder):
    with (package_folder / "model-card.md").open("ab") as file:
        file.write(b"!")
    with pytest.raises(PackageError, match="at most 7"):
        open_package(package_folder)


def test_a_missing_file_is_named(package_folder):
    (package_folder / "classifier.onnx").unlink()
    with pytest.raises(PackageError, match=r"lacks classifier\.onnx"):
        open_package(package_folder)


@pytest.mark.parametrize("make", [lambda path: path.write_text("x"), lambda path: path.mkdir()])
def test_a_file_or_folder_too_many_is_named(package_folder, make):
    make(package_folder / "extra")
    with pytest.raises(PackageError, match="also holds extra"):
        open_package(package_folder)


@pytest.mark.parametrize("name", ["classifier.onnx", "manifest.json"])
def test_a_link_is_refused_even_to_the_right_bytes(package_folder, tmp_path, name):
    moved = (package_folder / name).rename(tmp_path / "elsewhere")
    (package_folder / name).symlink_to(moved)
    with pytest.raises(PackageError, match="no link"):
        open_package(package_folder)


def test_what_is_no_regular_file_is_refused_and_never_waited_for(package_folder):
    (package_folder / "model-card.md").unlink()
    os.mkfifo(package_folder / "model-card.md")
    with pytest.raises(PackageError, match="is no file"):
        open_package(package_folder)


def test_a_path_out_of_the_folder_is_refused(package_folder):
    values = json.loads((package_folder / "manifest.json").read_text())
    values["files"]["../secret"] = values["files"]["model-card.md"]
    (package_folder / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(ArtifactError, match="plain file name"):
        open_package(package_folder)


def test_a_newer_package_is_refused(package_folder):
    values = json.loads((package_folder / "manifest.json").read_text())
    (package_folder / "manifest.json").write_text(json.dumps(values | {"schema": "package/2"}))
    with pytest.raises(NewerSchemaError, match="package/2"):
        open_package(package_folder)


def test_what_is_no_package_says_how_to_make_one(tmp_path):
    with pytest.raises(ArtifactError, match="synthetyk package RUN"):
        open_package(tmp_path)
    with pytest.raises(ArtifactError, match="does not exist"):
        open_package(tmp_path / "nowhere")


def test_a_file_that_changes_after_it_was_checked_is_not_used(package_folder):
    package = open_package(package_folder)
    (package_folder / "model-card.md").write_bytes(b"# Evil\n")
    with pytest.raises(PackageError, match="was changed"):
        package.read("model-card.md")

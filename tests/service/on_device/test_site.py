import json
import re

import pytest

from synthetyk.core.errors import ConfigError
from synthetyk.runtime.package import open_package
from synthetyk.service.on_device.page import PageConfig
from synthetyk.service.on_device.site import STATIC, site_of, write_site


@pytest.fixture
def small(package, tmp_path):
    """A page whose runtime is two empty files, as a mapping."""
    for name in ("ort.js", "ort.wasm"):
        (tmp_path / name).touch()
    return site_of([("tiny", package)], tmp_path)


def test_the_page_says_what_the_manifests_say(small, package):
    said = json.loads(small["page.json"])
    config = PageConfig.restore(said, "page.json")
    offered = config.packages[0]
    assert (offered.classifier, offered.generator) == (package.manifest.classifier, package.manifest.generator)
    assert offered.seed == str(package.manifest.generator.seed)
    assert set(config.files) == set(small) - {"index.html", "page.json"}


def test_a_copy_of_the_package_can_be_verified_in_the_page(small, package, tmp_path):
    write_site(small, tmp_path / "page")
    (folder,) = (tmp_path / "page/models").iterdir()
    assert open_package(folder).manifest == package.manifest


def test_no_script_and_no_style_stands_in_the_page(small):
    page = small["index.html"].decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page) == []
    assert re.findall(r"https?://", page) == []


def test_no_file_of_the_page_names_another_host():
    named = {
        (path.name, host)
        for path in STATIC.rglob("*.*")
        if path.suffix in (".js", ".css")
        for host in re.findall(r"https?://([^/\s\"'`]+)", path.read_text())
    }
    assert named == {("dom.js", "www.w3.org")}  # the name of SVG; nothing is asked for there


def test_a_folder_with_other_files_is_left_alone(small, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        write_site(small, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_an_export_over_an_earlier_one_leaves_none_of_its_models(small, tmp_path):
    folder, outside = tmp_path / "page", tmp_path / "outside.txt"
    write_site(small, folder)
    outside.touch()
    old = PageConfig.load(folder / "page.json")
    (folder / "models/old").mkdir()
    (folder / "models/old/generator.onnx").write_bytes(b"old")
    earlier = (*old.files, "models/old/generator.onnx", "../outside.txt")
    old.model_copy(update={"files": earlier}).save(folder / "page.json")
    write_site(small, folder)
    assert not (folder / "models/old/generator.onnx").exists()
    assert outside.exists()
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == set(small)

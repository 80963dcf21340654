import hashlib
import json
from typing import ClassVar

import pytest

from synthetyk.core import artifacts
from synthetyk.core.artifacts import Artifact, read_json, sha256_file, sha256_tree, write_bytes, write_json
from synthetyk.core.errors import ArtifactError, NewerSchemaError


class Note(Artifact):
    schema_name: ClassVar[str] = "note"
    schema_version: ClassVar[int] = 2
    migrations: ClassVar = {1: lambda values: {"text": values["words"]}}

    text: str


def test_an_artifact_reads_back_and_names_its_schema_first(tmp_path):
    Note(text="grüezi").save(tmp_path / "n.json")
    assert Note.load(tmp_path / "n.json").text == "grüezi"
    assert next(iter(json.loads((tmp_path / "n.json").read_text()).items())) == ("schema", "note/2")


def test_an_older_schema_is_migrated(tmp_path):
    write_json(tmp_path / "n.json", {"schema": "note/1", "words": "old"})
    assert Note.load(tmp_path / "n.json").text == "old"


def test_a_newer_schema_is_refused(tmp_path):
    write_json(tmp_path / "n.json", {"schema": "note/3", "text": "x"})
    with pytest.raises(NewerSchemaError, match="Upgrade Synthetyk"):
        Note.load(tmp_path / "n.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"schema": "other/1"}', "Expected schema note/2"),
        ('{"schema": "note/2"}', "text"),
        ('{"schema": "note/2", "text": "x", "txt": 1}', "unknown key 'txt'"),
        ("[1]", "Expected a JSON object"),
        ("{", "damaged"),
    ],
)
def test_a_wrong_file_is_refused_in_words(tmp_path, content, message):
    (tmp_path / "n.json").write_text(content)
    with pytest.raises(ArtifactError, match=message):
        Note.load(tmp_path / "n.json")


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(ArtifactError, match=r"is missing\. Run the stage"):
        read_json(tmp_path / "n.json")


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    write_bytes(tmp_path / "a", b"old")

    def broken(_):
        raise OSError("disk full")

    monkeypatch.setattr(artifacts.os, "fsync", broken)
    with pytest.raises(OSError, match="disk full"):
        write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"


def test_not_a_number_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})


def test_a_file_hash_is_the_sha256_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_tree_hash_sees_contents_and_names_but_not_times(tmp_path):
    for root in ("one", "two"):
        (tmp_path / root / "t").mkdir(parents=True)
        (tmp_path / root / "t" / "a").write_text("1")
    first = sha256_tree([tmp_path / "one" / "t"])
    assert first == sha256_tree([tmp_path / "two" / "t"])
    (tmp_path / "two" / "t" / "a").rename(tmp_path / "two" / "t" / "b")
    assert first != sha256_tree([tmp_path / "two" / "t"])
    (tmp_path / "one" / "t" / "a").write_text("2")
    assert first != sha256_tree([tmp_path / "one" / "t"])

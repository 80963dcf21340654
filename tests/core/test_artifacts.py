import hashlib
import json
import os
from pathlib import Path
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


def test_what_not_everybody_may_read_is_never_readable_for_others(tmp_path):
    class Secret(Note):
        file_mode: ClassVar[int] = 0o600

    Secret(text="x").save(tmp_path / "n.json")
    assert (tmp_path / "n.json").stat().st_mode & 0o777 == 0o600


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


def test_a_path_that_is_no_unicode_is_read_as_it_was_written(tmp_path):
    write_json(tmp_path / "run.json", {"dataset": "/data/caf\udce9"})
    assert read_json(tmp_path / "run.json") == {"dataset": "/data/caf\udce9"}
    assert "caf\\udce9" in (tmp_path / "run.json").read_text(encoding="utf-8")


def test_a_file_hash_is_the_sha256_of_its_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


@pytest.fixture
def read(monkeypatch):
    """Names of the files that were read to be hashed; every one counts as settled."""
    names, digest = [], hashlib.file_digest

    def noted(file, kind):
        names.append(Path(file.name).name)
        return digest(file, kind)

    monkeypatch.setattr(artifacts.hashlib, "file_digest", noted)
    monkeypatch.setattr(artifacts, "SETTLED_NS", -1)
    monkeypatch.setattr(artifacts, "_known", {})
    return names


def test_an_unchanged_file_is_read_once(tmp_path, read):
    (tmp_path / "a").write_bytes(b"abc")
    (tmp_path / "b").write_bytes(b"abc")
    assert len({sha256_file(tmp_path / name) for name in "abab"}) == 1
    assert read == ["a", "b"]


def test_other_bytes_of_the_same_size_and_time_are_seen(tmp_path, read):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    before, state = sha256_file(path), path.stat()
    while path.stat().st_ctime_ns == state.st_ctime_ns:  # until the file system's clock has ticked
        path.write_bytes(b"xyz")
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert sha256_file(path) == hashlib.sha256(b"xyz").hexdigest() != before


def test_what_has_just_changed_is_read_every_time(tmp_path, read, monkeypatch):
    monkeypatch.setattr(artifacts, "SETTLED_NS", 10**12)
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_file(tmp_path / "a") == sha256_file(tmp_path / "a")
    assert read == ["a", "a"]


def test_no_more_files_are_remembered_than_there_is_room_for(tmp_path, read, monkeypatch):
    monkeypatch.setattr(artifacts, "REMEMBERED", 1)
    for name in "abab":
        (tmp_path / name).write_bytes(b"")
        sha256_file(tmp_path / name)
    assert len(artifacts._known) == 1


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

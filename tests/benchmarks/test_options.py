import pytest
from benchmarks.options import Options, parse
from benchmarks.record import RESULTS, beside, markdown, write

NAMES = ("quality", "use")


def test_the_command_line_is_read(tmp_path):
    words = ["quality", "--only", "a", "--only", "b", "--seeds", "3", "--jobs", "2", "--work", str(tmp_path)]
    found = parse(words, NAMES)
    assert (found.names, found.only, found.seeds, found.jobs) == (("quality",), ("a", "b"), 3, 2)
    assert found.work == tmp_path
    assert found.rows(["b", "c"]) == ["b"]
    assert Options().rows(["b", "c"]) == ["b", "c"]


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["quantity"], NAMES)
    assert "quality, use" in capsys.readouterr().err


def test_weights_come_from_the_environment_unless_given(monkeypatch, tmp_path):
    monkeypatch.setenv("SYNTHETYK_WEIGHTS", "from/environment")
    assert str(parse([], NAMES).weights) == "from/environment"
    assert parse(["--weights", str(tmp_path)], NAMES).weights == tmp_path


def test_missing_weights_end_the_benchmark_with_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="SYNTHETYK_WEIGHTS"):
        _ = Options(weights=tmp_path / "none").squeezenet


def test_only_full_budgets_write_among_the_results(tmp_path):
    assert Options(work=tmp_path).results == RESULTS
    assert Options(work=tmp_path, scale=0.1).results == tmp_path / "results"


def test_a_table_says_what_it_is_about_and_where_it_was_measured():
    result = {"about": "What.\n", "date": "2026-01-01", "machine": {"torch": "9"}}
    lines = markdown("name", [["a", "b"], ["1", "2"]], result).splitlines()
    assert lines[0] == "# name"
    assert "What." in lines
    assert lines[4:7] == ["| a | b |", "| --- | --- |", "| 1 | 2 |"]
    assert "torch 9" in lines[-1]


def test_rows_that_were_measured_earlier_stay_and_those_measured_now_replace_theirs(tmp_path):
    rows = [{"row": "a", "value": 1}, {"row": "b", "value": 2}]
    write("some", rows, folder=tmp_path, details={"a": [1], "b": [2]})
    now = {"b": {"row": "b", "value": 3}}
    assert list(beside("some", "rows", now, folder=tmp_path).values()) == [rows[0], now["b"]]
    assert beside("some", "details", {"c": [4]}, folder=tmp_path) == {"a": [1], "b": [2], "c": [4]}
    assert beside("another", "rows", now, folder=tmp_path) == now

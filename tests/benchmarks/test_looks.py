from benchmarks.looks import log_looks


def test_looks_at_the_test_split_are_added_once_and_never_lost(tmp_path):
    path = tmp_path / "looks.md"
    log_looks(path, ["| a |", "| b |"])
    log_looks(path, ["| b |", "| c |"])
    assert path.read_text().splitlines()[-3:] == ["| a |", "| b |", "| c |"]
    assert path.read_text().startswith("# Looks at the test splits")

import os

import pytest

from synthetyk.pipeline import hardware


def test_no_more_threads_than_this_process_may_use():
    assert 1 <= hardware.usable_threads() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("text", "cpus"), [("150000 100000\n", 2), ("max 100000\n", None), ("nonsense", None)])
def test_a_container_quota_counts_in_whole_cpus(tmp_path, text, cpus):
    (tmp_path / "cpu.max").write_text(text)
    assert hardware._quota(tmp_path / "cpu.max") == cpus


def test_no_quota_file_is_no_quota(tmp_path):
    assert hardware._quota(tmp_path / "none") is None

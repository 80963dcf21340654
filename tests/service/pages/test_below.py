from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetyk.core.errors import UnknownNameError
from synthetyk.service.pages.below import Below


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    return root


def test_a_name_leads_to_a_path_below_the_root(root):
    found = Below(root) / "a" / "b"
    assert (found.path, found.name, found.title) == (root / "a" / "b", "a/b", "b")
    assert found == Below(root, "a/b")


@pytest.mark.parametrize(
    "name",
    ["..", "a/..", "a/../..", "../outside", "/etc", "a//b", ".", "a/", "./a", ".hidden", "a\0b", "a\nb", "a\\..\\b"],
)
def test_a_name_that_leads_elsewhere_is_refused(root, name):
    with pytest.raises(UnknownNameError, match="There is nothing called"):
        Below(root, name)


def test_a_link_that_leads_out_is_refused_and_not_listed(root):
    (root / "link").symlink_to(root.parent / "outside")
    with pytest.raises(UnknownNameError):
        Below(root, "link")
    assert [each.name for each in Below(root).children()] == ["a"]


def test_a_link_within_is_followed(root):
    (root / "link").symlink_to(root / "a")
    assert Below(root, "link/b").existing().path.is_dir()


def test_a_loop_of_links_is_refused(root):
    (root / "one").symlink_to(root / "two")
    (root / "two").symlink_to(root / "one")
    with pytest.raises(UnknownNameError):
        Below(root, "one").existing()


def test_what_lies_outside_and_what_is_absent_are_told_alike(root):
    with pytest.raises(UnknownNameError) as absent:
        Below(root, "absent").existing()
    with pytest.raises(UnknownNameError) as outside:
        Below(root, "../outside").existing()
    assert str(absent.value).replace("'absent'", "'../outside'") == str(outside.value)


def test_a_long_name_is_cut_in_the_message(root):
    with pytest.raises(UnknownNameError) as error:
        Below(root, "x" * 5000).existing()
    assert len(str(error.value)) < 200


@given(st.text(alphabet="./\\ab\0\n~%", max_size=12))
def test_whatever_the_name_says_the_path_stays_below(name):
    root = Path("/tmp")
    try:
        found = Below(root, name)
    except UnknownNameError:
        return
    assert found.path.resolve().is_relative_to(root.resolve())

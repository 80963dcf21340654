import errno
import os
from pathlib import Path

import pytest

from synthetyk.core.errors import DatasetError
from synthetyk.data.open import open_source
from synthetyk.data.sources import files


@pytest.fixture
def closed(monkeypatch):
    """Return a function that takes the right to list folders of some names away; tests may run as root."""

    def close(*names):
        listed = os.scandir

        def scandir(path):
            if Path(path).name in names:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return listed(path)

        monkeypatch.setattr(os, "scandir", scandir)

    return close


def problems(source):
    return [(problem.key, problem.kind) for problem in source.problems()]


def test_whoever_asks_is_told_of_folders_that_cannot_be_listed(tree, closed):
    root = tree("a/1.png", "b/2.png")
    closed("b")
    told = []
    assert list(files.walk(root, told.append)) == [root / "a/1.png"]
    assert [error.filename for error in told] == [str(root / "b")]


@pytest.mark.parametrize("table", ["", "file,label\n1.png,x\n2.png,y\n"])
def test_a_folder_that_cannot_be_listed_is_a_problem(tree, closed, table):
    root = tree("a/1.png", "b/2.png", **({"labels.csv": table} if table else {}))
    closed("b")
    assert ("b", "unreadable_folder") in problems(open_source(str(root)))


def test_a_folder_of_dicom_that_cannot_be_listed_is_a_problem(tree, closed, make_dicom):
    scan = make_dicom([[0, 1], [2, 3]])
    root = tree(**{"a/1.dcm": scan, "b/1.dcm": scan})
    closed("b")
    assert problems(open_source(str(root))) == [("b", "unreadable_folder")]


def test_patches_of_a_patient_whose_folder_cannot_be_listed_are_a_problem(patches, closed):
    root = patches(3)
    closed("10254")
    assert problems(open_source(str(root))) == [("10254", "unreadable_folder")]


def test_if_nothing_can_be_listed_the_error_says_why(tree, closed):
    root = tree("a/1.png")
    closed("a")
    with pytest.raises(DatasetError, match=r"no image in .*; This folder cannot be listed \(Permission denied\)"):
        open_source(str(root))

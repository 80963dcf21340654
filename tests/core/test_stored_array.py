import pickle
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from synthetyk.core import stored_array
from synthetyk.core.errors import ArtifactError
from synthetyk.core.stored_array import StoredArray

ROWS = [
    np.array([3, 0, 19, 3, 4, 5]),
    np.arange(20),
    np.empty(0, dtype=np.int64),
    np.arange(20) % 3 == 0,
    slice(None),
    slice(4, 12, 3),
    slice(15, 99),
    slice(7, 7),
]


@pytest.fixture(params=["mapped", "read"])
def way(request, monkeypatch):
    """Both ways to the rows: that of small arrays and that of large ones."""
    if request.param == "read":
        monkeypatch.setattr(stored_array, "MAPPED_BYTES", 0)
    return request.param


@pytest.fixture
def array():
    return np.random.default_rng(0).integers(0, 2**16, (20, 3, 4, 5), dtype=np.uint16)


@pytest.fixture
def path(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    return tmp_path / "a.npy"


@pytest.mark.parametrize("rows", ROWS, ids=str)
def test_rows_are_those_of_the_array(way, array, path, rows):
    found = StoredArray.open(path)[rows]
    assert found.dtype == array.dtype and np.array_equal(found, array[rows])


def test_what_was_read_may_be_changed_and_the_file_stays_as_it_is(way, array, path):
    stored = StoredArray.open(path)
    stored[:][:] = 0
    assert np.array_equal(stored[:], array)


def test_shape_and_length_are_those_of_the_array(way, path):
    stored = StoredArray.open(path)
    assert (stored.shape, stored.dtype, len(stored)) == ((20, 3, 4, 5), np.uint16, 20)


def test_another_process_gets_a_path_and_reads_the_same(way, array, path):
    sent = pickle.dumps(StoredArray.open(path))
    assert len(sent) < 500
    assert np.array_equal(pickle.loads(sent)[:], array)


def test_threads_share_one(way, array, path):
    stored = StoredArray.open(path)
    rows = [np.random.default_rng(seed).integers(0, 20, 7) for seed in range(200)]
    with ThreadPoolExecutor(4) as threads:
        for chosen, found in zip(rows, threads.map(stored.__getitem__, rows), strict=True):
            assert np.array_equal(found, array[chosen])


def test_a_file_that_was_replaced_is_still_the_old_one(way, array, path):
    stored = StoredArray.open(path)
    np.save(path.with_name("b.npy"), array * 0)
    path.with_name("b.npy").replace(path)
    assert np.array_equal(stored[:], array)


def test_a_file_without_a_name_can_be_read(way, array):
    with tempfile.TemporaryFile() as file:
        file.write(b"before" + array.tobytes())
        file.flush()
        assert np.array_equal(StoredArray(file, array.dtype, array.shape, 6)[5:9], array[5:9])


@pytest.mark.parametrize("rows", [[20], [-1], [0, 1, 25]])
def test_a_row_that_is_not_there_is_refused(way, path, rows):
    with pytest.raises(IndexError, match="of 20"):
        StoredArray.open(path)[np.array(rows)]


def test_an_array_without_rows_has_none(way, tmp_path):
    np.save(tmp_path / "none.npy", np.empty((0, 2), dtype=np.uint8))
    assert StoredArray.open(tmp_path / "none.npy")[:].shape == (0, 2)


def test_a_large_file_that_is_cut_short_while_it_is_open_is_an_error(path, monkeypatch):
    monkeypatch.setattr(stored_array, "MAPPED_BYTES", 0)
    stored = StoredArray.open(path)
    with path.open("r+b") as file:
        file.truncate(400)
    with pytest.raises(ArtifactError, match="cut short"):
        stored[:]


def test_files_that_hold_no_such_array_are_refused(tmp_path, array, path):
    np.save(tmp_path / "columns.npy", np.asfortranarray(array))
    (tmp_path / "short.npy").write_bytes(path.read_bytes()[:400])
    (tmp_path / "text.npy").write_text("not an array")
    for name, message in {
        "columns": "Fortran",
        "short": "cannot be read",
        "text": "cannot be",
        "none": "No such",
    }.items():
        with pytest.raises(ArtifactError, match=message):
            StoredArray.open(tmp_path / f"{name}.npy")

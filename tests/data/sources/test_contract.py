"""What every source keeps, whatever it reads: a built-in that is not in this list fails."""

import pickle

import numpy as np
import pytest

from synthetyk.core.errors import DecodeError
from synthetyk.data.open import BUILT_IN, open_source
from synthetyk.data.source import SOURCES, Remarking, Source


@pytest.fixture
def located(tmp_path, tree, patches, archive, make_dicom, request):
    """Return a function from the name of a source to the location of a small set that it reads."""

    def npz():
        images = np.random.default_rng(0).integers(256, size=(4, 9, 9), dtype=np.uint8)
        np.savez(tmp_path / "set.npz", train_images=images, train_labels=np.array([0, 1, 0, 1]))
        return tmp_path / "set.npz"

    def cbis_ddsm():
        for patient, pathology in (("P_00001", "BENIGN"), ("P_00002", "MALIGNANT")):
            archive.lesion(patient, pathology)
        return archive.write()

    makers = {
        "phantom": lambda: "phantom:n=4,size=16",
        "npz": npz,
        "table": lambda: tree("1.png", "2.png", **{"labels.csv": "file,label\n1.png,a\n2.png,b\n"}),
        "idc": lambda: patches(2),
        "cbis-ddsm": cbis_ddsm,
        "dicom": lambda: tree(**{f"{name}/scan": make_dicom(np.eye(4, dtype=np.uint8)) for name in "ab"}),
        "folder": lambda: tree("a/1.png", "b/2.png"),
    }
    assert set(makers) == set(BUILT_IN)
    return lambda name: str(makers[name]())


every_source = pytest.mark.parametrize("name", BUILT_IN)


@every_source
def test_it_is_found_by_what_lies_there_and_keeps_the_protocol(located, name):
    source = open_source(located(name))
    assert isinstance(source, Source) and type(source) is SOURCES.load(name)


@every_source
def test_nothing_is_not_recognised(tmp_path, name):
    assert not SOURCES.load(name).recognises(str(tmp_path / "gone"))


@every_source
def test_opened_twice_it_lists_the_same_and_says_the_same(located, name):
    location = located(name)
    first, second = open_source(location), open_source(location)
    assert list(first.items()) == list(second.items()) and list(first.problems()) == list(second.problems())
    assert first.content_hash() == second.content_hash() and len(first.content_hash()) == 64


@every_source
def test_keys_are_unique_and_labels_and_splits_are_names(located, name):
    items = open_source(located(name)).items()
    assert items and len({item.key for item in items}) == len(items)
    assert all(item.label for item in items)
    assert {item.split for item in items} <= {None, "train", "val", "test"}


@every_source
def test_every_image_is_read_as_it_was_stored(located, name):
    source = open_source(located(name))
    for raw in map(source.read, source.items()):
        assert raw.pixels.dtype in (np.uint8, np.uint16) and raw.pixels.ndim == 3 and raw.pixels.shape[2] in (1, 3)


@every_source
def test_it_reads_on_in_another_process(located, name):
    source = open_source(located(name))
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again.read(again.items()[0]).pixels, source.read(source.items()[0]).pixels)


@every_source
def test_what_it_remarks_are_sentences(located, name):
    source = open_source(located(name))
    remarks = source.remarks() if isinstance(source, Remarking) else ()
    assert all(remark[0].isupper() and remark.endswith(".") for remark in remarks)


@pytest.mark.parametrize("name", ["table", "idc", "cbis-ddsm", "dicom", "folder"])
def test_another_content_of_a_file_is_another_hash_and_a_cut_file_a_problem(located, name):
    location = located(name)
    source = open_source(location)
    first, item = source.content_hash(), source.items()[-1]
    path = source.root / item.key
    path.write_bytes(path.read_bytes()[:-12])
    assert source.content_hash() != first
    with pytest.raises(DecodeError):
        source.read(item)

import numpy as np
import pytest

from synthetyk.core.errors import ConfigError, DatasetError, DatasetNotFoundError
from synthetyk.data.open import BUILT_IN, open_source
from synthetyk.data.source import SOURCES, Source, SourceOptions
from synthetyk.data.sources.dicom import DicomSource
from synthetyk.data.sources.folder import FolderSource
from synthetyk.data.sources.npz import NpzSource
from synthetyk.data.sources.phantom import PhantomSource
from synthetyk.data.sources.table import TableSource


@pytest.fixture
def folder(tmp_path, png):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.png").write_bytes(png)
    return tmp_path


def opened(location, **options):
    return open_source(str(location), SourceOptions(**options))


def test_each_built_in_source_keeps_the_protocol():
    assert all(isinstance(SOURCES.load(name), Source) for name in BUILT_IN)


def test_the_phantom_needs_no_file():
    assert isinstance(open_source("phantom:n=4"), PhantomSource)


def test_folders_of_images_are_opened(folder):
    assert isinstance(opened(folder), FolderSource)


def test_a_table_comes_before_the_folder_it_lies_in(folder):
    (folder / "labels.csv").write_text("file,label\na/1.png,x\n")
    assert isinstance(opened(folder), TableSource)


def test_a_table_of_something_else_does_not_hide_the_folder(folder):
    (folder / "people.csv").write_text("id,age\n17,70\n")
    assert isinstance(opened(folder), FolderSource)


def test_npz_files_are_opened(tmp_path):
    np.savez(tmp_path / "x.npz", images=np.zeros((2, 3, 3), np.uint8))
    assert isinstance(opened(tmp_path / "x.npz"), NpzSource)


def test_dicom_trees_are_opened_as_dicom_and_mixed_trees_as_folders(tmp_path, make_dicom, png):
    (tmp_path / "scan").write_bytes(make_dicom(np.zeros((2, 2), np.uint8)))
    assert isinstance(opened(tmp_path), DicomSource)
    (tmp_path / "picture.png").write_bytes(png)
    assert isinstance(opened(tmp_path), FolderSource)


def test_nothing_there_is_not_found(tmp_path):
    with pytest.raises(DatasetNotFoundError, match="nothing at"):
        opened(tmp_path / "gone")


def test_a_file_of_no_known_kind_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DatasetError, match="no data set that Synthetyk knows"):
        opened(tmp_path / "a.txt")


def test_options_for_tables_are_refused_for_what_is_none(folder):
    with pytest.raises(ConfigError, match="--label-column needs a table"):
        opened(folder, label_column="x")


def test_a_plug_in_is_asked_after_the_built_in_sources(monkeypatch):
    class Plugin:
        @classmethod
        def recognises(cls, location):
            return location.startswith("cloud:")

        @classmethod
        def open(cls, location, options):
            return location, options.label_column

    load = SOURCES.load
    monkeypatch.setattr(type(SOURCES), "names", lambda self: ["aaa-cloud", *BUILT_IN])
    monkeypatch.setattr(type(SOURCES), "load", lambda self, name: Plugin if name == "aaa-cloud" else load(name))
    assert opened("cloud:x", label_column="y") == ("cloud:x", "y")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pneumoniamnist.npz", NpzSource),
        ("chest_xray", FolderSource),
        ("blood_cells", TableSource),
        ("head_ct", TableSource),
        ("dicom", DicomSource),
    ],
)
def test_real_sets_are_recognised(real_data, name, kind):
    assert isinstance(opened(real_data(name)), kind)

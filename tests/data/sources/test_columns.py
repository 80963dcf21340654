import re

import pytest

from synthetyk.core.errors import ConfigError, DatasetError
from synthetyk.data.source import SourceOptions
from synthetyk.data.sources.columns import Columns, choose_columns, guess_column, read_table, tables_in


def table(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_told_from_the_header(tmp_path, delimiter):
    read = table(tmp_path, f"file{delimiter}label\na.png{delimiter}x\n")
    assert (read.names, read.rows) == (("file", "label"), ((2, {"file": "a.png", "label": "x"}),))


def test_blanks_byte_order_mark_and_empty_lines_are_no_obstacle(tmp_path):
    read = table(tmp_path, b"\xef\xbb\xbfid, hemorrhage \r\n\r\n 7 , 1\r\n")
    assert (read.names, read.rows) == (("id", "hemorrhage"), ((3, {"id": "7", "hemorrhage": "1"}),))


def test_quoted_cells_may_hold_the_delimiter_and_short_lines_are_filled(tmp_path):
    read = table(tmp_path, 'file,label\n"a,b.png",x\nc.png\n')
    assert [cells for _, cells in read.rows] == [{"file": "a,b.png", "label": "x"}, {"file": "c.png", "label": ""}]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no rows"), (b"file,label\n", "no rows"), (b"\xff\xfeabc", "UTF-8"), (b"a,a\n1,2\n", "one name")],
)
def test_what_is_no_table_is_an_error(tmp_path, content, message):
    with pytest.raises(DatasetError, match=message):
        table(tmp_path, content)


def test_a_cell_beyond_the_csv_limit_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="no table"):
        table(tmp_path, 'file,label\n"' + "x" * 200_000 + '",a\n')


@pytest.mark.parametrize(
    ("names", "columns"),
    [
        (["file", "label", "slide", "split"], ("file", "label", "slide", "split")),
        (["id", "hemorrhage"], ("id", "hemorrhage", None, None)),
        (["lesion_id", "image_id", "dx", "dx_type", "age"], ("image_id", "dx", "lesion_id", None)),
        (
            ["Image Index", "Finding Labels", "Patient ID", "Patient Age"],
            ("Image Index", "Finding Labels", "Patient ID", None),
        ),
        (["id", "filename", "class"], ("filename", "class", None, None)),
        (["path", "target", "patient", "slide", "set"], ("path", "target", "patient", "set")),
    ],
)
def test_usual_names_are_guessed(names, columns):
    assert choose_columns(names, SourceOptions()) == Columns(*columns)


def test_options_come_before_guesses():
    options = SourceOptions(image_column="scan", label_column="patient", group_column="label", split_column="none")
    names = ["scan", "file", "patient", "label", "split"]
    assert choose_columns(names, options) == Columns("scan", "patient", "label", None)


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (["a", "b"], "--image-column"),
        (["file", "path", "label"], "--image-column"),
        (["file", "a", "b"], "--label-column"),
        (["file", "label", "class"], "--label-column"),
        (["file", "patient"], "--label-column"),
        (["file"], "--label-column"),
        (["file", "label", "patient_id", "subject"], "--group-column"),
    ],
)
def test_unclear_columns_are_an_error_that_lists_them(names, option):
    with pytest.raises(DatasetError, match=option) as caught:
        choose_columns(names, SourceOptions())
    assert all(repr(name) in str(caught.value) for name in names)


def test_a_wrong_option_names_the_nearest_column():
    with pytest.raises(ConfigError, match=re.escape("Did you mean 'label'")):
        choose_columns(["file", "label"], SourceOptions(label_column="lable"))


def test_guessing_the_image_column_gives_none_where_unclear():
    assert guess_column(["id", "x"], "image") == "id"
    assert guess_column(["file", "path"], "image") is None
    assert guess_column(["x"], "image") is None
    assert guess_column(["id_code", "diagnosis"], "label") == "diagnosis"


def test_the_tables_of_a_folder_are_those_directly_in_it(tree):
    names = ["test.CSV", "a.tsv", ".hidden.csv", "notes.txt", "below/b.csv"]
    assert [path.name for path in tables_in(tree(**dict.fromkeys(names, "x")))] == ["a.tsv", "test.CSV"]

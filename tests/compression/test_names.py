import pytest

from synthetyk.compression.names import DEFAULT_ROWS, QUICK_ROWS, RowName, check_names, row_names


def test_every_name_is_read_as_it_is_written():
    for name, row in row_names().items():
        assert RowName.parse(name) == row
        assert str(row) == name
    assert {*DEFAULT_ROWS, *QUICK_ROWS} < set(row_names())


def test_the_original_needs_no_naming():
    assert check_names(("fp32", "int8")) == ("int8",)


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"'channels\+int8'.*'chanels\+int8'"):
        check_names(("chanels+int8",))

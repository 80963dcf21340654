from synthetyk.core.words import listed, printable


def test_lists_end_with_and():
    assert (listed(["a"]), listed(["a", "b"]), listed(("a", "b", "c"))) == ("a", "a and b", "a, b and c")


def test_what_is_no_unicode_is_written_as_escapes():
    assert printable("caf\udce9") == "caf\\udce9" and printable("café") == "café"

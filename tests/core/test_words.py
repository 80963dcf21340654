from synthetyk.core.words import listed


def test_lists_end_with_and():
    assert (listed(["a"]), listed(["a", "b"]), listed(("a", "b", "c"))) == ("a", "a and b", "a, b and c")

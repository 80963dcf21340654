import pickle

import pytest

from synthetyk.core import errors
from synthetyk.core.errors import DecodeError, ImageTooLargeError, SynthetykError, UnknownNameError


def every_error() -> list[type[SynthetykError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, SynthetykError)]


def test_a_message_says_what_was_found_expected_and_to_do():
    error = SynthetykError("The file is empty", expected="a PNG", action="Export it again.")
    assert str(error) == "The file is empty. Expected a PNG. Export it again."


@pytest.mark.parametrize("kind", [kind for kind in every_error() if kind is not SynthetykError])
def test_every_error_also_inherits_a_builtin(kind):
    builtins = [base for base in kind.__mro__ if base.__module__ == "builtins"]
    assert len(builtins) > 3  # object, BaseException, Exception and a telling one


@pytest.mark.parametrize("kind", every_error())
def test_every_error_survives_a_trip_between_processes(kind):
    error = kind("found", expected="expected", action="action")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert str(copy) == "found. Expected expected. action."


def test_a_decode_error_keeps_its_kind_between_processes():
    assert pickle.loads(pickle.dumps(DecodeError("x", kind="empty"))).kind == "empty"
    assert pickle.loads(pickle.dumps(ImageTooLargeError("x"))).kind == "too_large"


def test_an_unknown_name_prints_as_a_sentence_although_it_is_a_key_error():
    assert str(UnknownNameError("There is no source 'x'")) == "There is no source 'x'."

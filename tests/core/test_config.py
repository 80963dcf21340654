from typing import Self

import pytest
from pydantic import Field, ValidationError, model_validator

from synthetyk.core.config import Config, nearest
from synthetyk.core.errors import ConfigError


class Example(Config):
    batch_size: int = Field(default=8, ge=1)
    name: str = "a"


def test_an_unknown_key_is_refused_with_the_nearest_right_one():
    with pytest.raises(ConfigError, match="unknown key 'batchsize'.*Did you mean 'batch_size'"):
        Example.parse({"batchsize": 3})


def test_an_unknown_key_like_no_other_lists_the_known_ones():
    with pytest.raises(ConfigError, match="Known keys: batch_size, name"):
        Example.parse({"zzzzzz": 3})


def test_a_refused_value_is_named_with_what_was_expected():
    with pytest.raises(ConfigError, match=r"example.json: batch_size is 0\. Expected greater than or equal to 1"):
        Example.parse({"batch_size": 0}, where="example.json")


class Pair(Config):
    low: int
    high: int = 5
    words: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low no larger than high")
        return self


def test_values_that_do_not_fit_each_other_are_shown_if_they_are_few():
    with pytest.raises(ConfigError) as said:
        Pair.parse({"low": 7}, where="pair.json")
    assert str(said.value) == "pair.json: the whole is {'low': 7}. Expected low no larger than high."
    with pytest.raises(ConfigError) as said:
        Pair.parse({"low": 7, "words": ("a word",) * 50}, where="pair.json")
    assert "pair.json: the whole has values that do not fit each other." in str(said.value)


def test_a_key_that_is_missing_is_named():
    with pytest.raises(ConfigError, match="pair.json: low is missing"):
        Pair.parse({"high": 7}, where="pair.json")


def test_replace_validates_its_changes():
    assert Example().replace(batch_size=4) == Example(batch_size=4)
    with pytest.raises(ConfigError):
        Example().replace(batch_size="many")


def test_settings_cannot_be_changed_in_place():
    with pytest.raises(ValidationError):
        Example().batch_size = 4


def test_nearest_finds_the_likest_word_or_none():
    assert nearest("foldr", ["folder", "npz"]) == "folder"
    assert nearest("qqq", ["folder", "npz"]) is None


class Part(Config):
    size: int = 1


class Whole(Config):
    parts: tuple[Part, ...] = ()
    only: Part | None = None


@pytest.mark.parametrize("values", [{"parts": [{"size": 2}, {"siz": 3}]}, {"only": {"siz": 3}}])
def test_the_nearest_key_is_sought_where_the_unknown_one_stands(values) -> None:
    with pytest.raises(ConfigError, match="siz'.*Did you mean 'size'"):
        Whole.parse(values)

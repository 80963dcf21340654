import pytest

from synthetyk.report.words import count, duration, images, number, percent, plus_minus, score, signed, spread


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.041723, "0.0417"),
        (18.437, "18.4"),
        (1234.5, "1,234"),
        (-0.00081, "−0.000810"),
        (3e-9, "3.00e−09"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_numbers_have_three_significant_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_scores_have_three_decimals() -> None:
    assert (score(0.87149), score(-0.5), score(None)) == ("0.871", "−0.500", "–")


def test_differences_have_a_sign_unless_they_vanish() -> None:
    assert (signed(0.0312), signed(-0.0312), signed(-0.0002)) == ("+0.031", "−0.031", "0.000")


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (1.01, 0.00049, "1.01000 ± 0.00049"),
        (-0.000059, 0.000093, "−0.000059 ± 0.000093"),
        (1234.5, 61.0, "1,234 ± 61"),
        (0.5, 0.0, "0.500"),
    ],
)
def test_a_mean_is_written_as_exactly_as_its_deviation(mean: float, std: float, text: str) -> None:
    assert plus_minus(mean, std) == text


def test_intervals_name_both_ends() -> None:
    assert spread(0.85, 0.9) == "0.850–0.900"


def test_shares_are_percentages() -> None:
    assert (percent(0.8956), percent(0.0), percent(float("nan"))) == ("89.6%", "0.0%", "–")


def test_counts_set_thousands_apart() -> None:
    assert (count(1234567), images(1), images(1260)) == ("1,234,567", "1 image", "1,260 images")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3.24, "3.2 s"), (59.4, "59 s"), (125, "2 min 5 s"), (600, "10 min"), (59.6, "1 min"), (3720, "1 h 2 min")],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text

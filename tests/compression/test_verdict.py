import pytest

from synthetyk.compression.report import ClassifierRow, Figure, TestScores
from synthetyk.compression.speed import Latency
from synthetyk.compression.verdict import benefit, picked, precision_verdict


def row(name="fp32", *, size=1.0, packed=None, speedup=1.0, auc=0.9, change=(0.0, 0.0, 0.0)):
    figure = Figure(value=0.9, low=0.85, high=0.95)
    latencies = tuple(
        Latency(batch=b, milliseconds=1, low=1, high=1, original_milliseconds=speedup, speedup=speedup, turns=9)
        for b in (1, 32)
    )
    difference = Figure(value=change[0], low=change[1], high=change[2])
    test = TestScores(auc=figure, accuracy=figure, calibration_error=figure, auc_difference=difference, agreement=1)
    return ClassifierRow(
        name=name,
        about="",
        file=f"classifier-{name}.onnx",
        sha256="",
        megabytes=size,
        gzip_megabytes=packed or size,
        peak_mb=50,
        latencies=latencies,
        validation_auc=auc,
        test=test,
        benefit="",
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"size": 0.25, "speedup": 3.0},
            "4.0 times smaller, 3.0 times faster (one image), 3.0 times faster (batches of 32)",
        ),
        ({"packed": 0.5}, "2.0 times smaller once it is packed"),
        ({"size": 0.95, "speedup": 0.8}, "no benefit: neither smaller nor faster"),
    ],
)
def test_what_is_gained_is_said_in_words(changes, words):
    assert benefit(row("int8", **changes), row(), 0.0, 0.003) == words


def test_a_loss_beyond_the_tolerance_is_said_beside_the_gain():
    assert (
        benefit(row("int8", size=0.5), row(), 0.02, 0.003) == "2.0 times smaller, but it loses 0.020 of validation AUC"
    )


def test_the_smallest_that_is_good_enough_on_validation_is_picked():
    rows = [
        row(),
        row("fp16", size=0.5, auc=0.9),
        row("int8", size=0.25, auc=0.8975),
        row("narrow", size=0.1, auc=0.89),
    ]
    assert picked(rows, 0.003).name == "int8"
    assert picked(rows, 0.001).name == "fp16"


def test_of_two_of_one_size_the_measurably_quicker_one_is_picked_or_else_the_first():
    def pick(speedup):
        return picked([row(), row("fp16", size=0.5, speedup=1.0), row("bf16", size=0.5, speedup=speedup)], 0.003).name

    assert (pick(1.04), pick(1.2)) == ("fp16", "bf16")


def test_nothing_is_picked_where_validation_cannot_judge():
    assert picked([row(auc=None), row("int8", size=0.1, auc=None)], 0.003).name == "fp32"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ((0.0, -0.002, 0.002), "no loss"),
        ((-0.002, -0.006, 0.002), "not decided"),
        ((-0.02, -0.03, -0.01), "loss"),
    ],
)
def test_the_interval_decides_whether_fewer_bits_hurt(change, outcome):
    found = precision_verdict([row(), row("fp16"), row("int8", change=change)], "a tumour", 0.003)
    assert found.outcome == outcome
    assert "a tumour" in found.sentence
    assert ("int8 hurts" in found.sentence) == (outcome != "no loss")


def test_pruned_and_distilled_forms_say_nothing_of_precision():
    found = precision_verdict([row(), row("narrow+int8", change=(-0.2, -0.3, -0.1))], "a tumour", 0.003)
    assert found.outcome == "not known"
    assert "no form of the original in fewer bits was made" in found.sentence

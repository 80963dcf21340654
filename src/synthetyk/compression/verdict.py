"""What the figures of a compression say in words: what is gained, what to use, whether fewer bits hurt."""

import math
from collections.abc import Sequence

from synthetyk.compression.names import ORIGINAL, PRECISIONS
from synthetyk.compression.report import ClassifierRow, ModelFile, PrecisionVerdict, TestScores
from synthetyk.core.words import listed

WORTH = 1.1  # times smaller or faster, below which it is no benefit


def gains(row: ModelFile, original: ModelFile) -> str:
    """Say what a model gains over the original in size and speed; nothing if it gains nothing."""
    smaller, packed = original.megabytes / row.megabytes, original.gzip_megabytes / row.gzip_megabytes
    said = []
    if smaller >= WORTH:
        said.append(f"{smaller:.1f} times smaller")
    elif packed >= WORTH:
        said.append(f"{packed:.1f} times smaller once it is packed")
    quicker = [latency for latency in row.latencies if latency.speedup >= WORTH]
    said += [f"{latency.speedup:.1f} times faster ({_batch(latency.batch)})" for latency in quicker]
    return ", ".join(said)


def benefit(row: ModelFile, original: ModelFile, lost: float | None, tolerance: float) -> str:
    """Return the words on a row of the classifier.

    Args:
        row: The row, but for these words.
        original: The original's.
        lost: How much validation AUC it loses; None if that is not known.
        tolerance: How much it may lose.
    """
    if row.name == ORIGINAL:
        return "the original"
    gained = gains(row, original) or "no benefit: neither smaller nor faster"
    if lost is not None and lost > tolerance:
        return f"{gained}, but it loses {lost:.3f} of validation AUC"
    return gained


def picked(rows: Sequence[ClassifierRow], tolerance: float) -> ClassifierRow:
    """Return the smallest row whose validation AUC is within the tolerance of the original's, which comes first.

    Of two of one size the quicker one is taken, in steps of a tenth: less is noise. Then the first one is.
    """
    original = rows[0]
    if original.validation_auc is None:
        return original
    least = original.validation_auc - tolerance
    fit = [row for row in rows if row.validation_auc is not None and row.validation_auc >= least]
    return min(fit, key=lambda row: (row.megabytes, -_tenths_faster(row)))


def _tenths_faster(row: ModelFile) -> int:
    """Return how often a row's speed-up on the largest batch is a factor of `WORTH`, rounded."""
    return round(math.log(row.latencies[-1].speedup, WORTH)) if row.latencies else 0


def rule_of(tolerance: float) -> str:
    """Say by which rule a row is picked."""
    return f"the smallest whose validation AUC is within {tolerance:g} of the original's"


def precision_verdict(rows: Sequence[ClassifierRow], subject: str, tolerance: float) -> PrecisionVerdict:
    """Answer whether fewer bits hurt the detection; test images decide, with their interval.

    Args:
        rows: All rows; those of the original network in fewer bits count.
        subject: What is to be detected.
        tolerance: What is no loss worth the name.
    """
    named = [row for row in rows if row.name in PRECISIONS and row.name != ORIGINAL]
    scored = {row.name: row.test for row in named if row.test}
    hurt = [name for name, test in scored.items() if test.auc_difference.high < -tolerance]
    unsure = [name for name, test in scored.items() if test.auc_difference.low < -tolerance and name not in hurt]
    if not scored:
        why = "no test images can judge it" if named else "no form of the original in fewer bits was made"
        words = f"Whether fewer bits hurt the detection of {subject} is not known: {why}"
        return PrecisionVerdict(outcome="not known", subject=subject, sentence=f"{words}.")
    changes = "; ".join(f"{name} changes the AUC by {_change(test)}" for name, test in scored.items())
    if hurt:
        outcome, words = "loss", f"{listed(hurt)} hurts the detection of {subject}"
    elif unsure:
        outcome, words = "not decided", f"Whether {listed(unsure)} hurts the detection of {subject} is not decided"
    else:
        outcome, words = "no loss", f"Fewer bits do not hurt the detection of {subject}"
    about = f"95% intervals, losses of up to {tolerance:g} count as none"
    sentence = f"{words}: {changes} ({about})."
    return PrecisionVerdict.parse({"outcome": outcome, "subject": subject, "sentence": sentence})


def _change(test: TestScores) -> str:
    change = test.auc_difference
    return f"{_signed(change.value)} ({_signed(change.low)} to {_signed(change.high)})"


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−") if abs(value) >= 0.00005 else "0.0000"


def _batch(count: int) -> str:
    return "one image" if count == 1 else f"batches of {count}"

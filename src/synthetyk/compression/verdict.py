"""What the figures of a compression say in words: what is gained, what to use, whether fewer bits hurt."""

from collections.abc import Sequence

from synthetyk.compression.names import ORIGINAL, PRECISIONS
from synthetyk.compression.report import ClassifierRow, ModelFile, TestScores

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

    Of two of one size the quicker one is taken.
    """
    original = rows[0]
    if original.validation_auc is None:
        return original
    least = original.validation_auc - tolerance
    fit = [row for row in rows if row.validation_auc is not None and row.validation_auc >= least]
    return min(fit, key=lambda row: (row.megabytes, -row.latencies[-1].speedup if row.latencies else 0.0))


def rule_of(tolerance: float) -> str:
    """Say by which rule a row is picked."""
    return f"the smallest whose validation AUC is within {tolerance:g} of the original's"


def precision_sentence(rows: Sequence[ClassifierRow], subject: str, tolerance: float) -> str:
    """Answer in one sentence whether fewer bits hurt the detection; test images decide, with their interval.

    Args:
        rows: All rows; those of the original network in fewer bits count.
        subject: What is to be detected.
        tolerance: What is no loss worth the name.
    """
    found = [(row.name, row.test) for row in rows if row.name in PRECISIONS and row.name != ORIGINAL and row.test]
    question = f"Does reducing float precision hurt the detection of {subject}?"
    scored = [(name, test) for name, test in found if test]
    if not scored:
        return f"{question} Not known: the test split cannot be judged, or no such model was made."
    hurt = [name for name, test in scored if test.auc_difference.high < -tolerance]
    unsure = [name for name, test in scored if name not in hurt and test.auc_difference.low < -tolerance]
    word = f"Yes, as {_listed(hurt)}" if hurt else f"Not decided for {_listed(unsure)}" if unsure else "No"
    changes = "; ".join(f"{name} changes the AUC by {_change(test)}" for name, test in scored)
    return f"{question} {word}: {changes} (95% intervals; what stays above −{tolerance:g} counts as no loss)."


def _change(test: TestScores) -> str:
    change = test.auc_difference
    return f"{_signed(change.value)} ({_signed(change.low)} to {_signed(change.high)})"


def _signed(value: float) -> str:
    return f"{value:+.4f}".replace("-", "−") if abs(value) >= 0.00005 else "0.0000"


def _listed(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _batch(count: int) -> str:
    return "one image" if count == 1 else f"batches of {count}"

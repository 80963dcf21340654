"""The log of looks at test splits: every time that classifiers were tested is a line."""

from pathlib import Path

LOOKS = "test_looks.md"
LOOKS_HEAD = """# Looks at the test splits

Every time that classifiers of `python -m benchmarks classifiers` or `transfer` were tested, written by these. What was
tried on validation only is not here.

| data | recipe | classifiers | figures | measured |
| --- | --- | --- | --- | --- |
"""


def log_looks(path: Path, looks: list[str]) -> None:
    """Add the looks that are not in the log yet; nothing is ever taken out of it."""
    before = path.read_text() if path.exists() else LOOKS_HEAD
    known = set(before.splitlines())
    path.write_text(before + "".join(f"{look}\n" for look in looks if look not in known))

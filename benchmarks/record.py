"""What every benchmark writes beside its figures: machine, versions, command, time."""

import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    names = ("synthetyk", "torch", "numpy", "pillow")
    return {
        "processor": platform.processor() or platform.machine(),
        "threads": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def data(name: str) -> Path:
    """Return a real data set's path, or end with what is missing."""
    root = os.environ.get("SYNTHETYK_DATA")
    if root is None or not Path(root, name).exists():
        sys.exit(f"{name} is not in the folder that SYNTHETYK_DATA names ({root}): set it to where the data lies")
    return Path(root, name)


def write(name: str, rows: list[dict[str, Any]], **about: Any) -> None:
    """Print the rows as a table and write them as JSON."""
    columns = list(rows[0])
    widths = [max(len(column), *(len(_text(row[column])) for row in rows)) for column in columns]
    for cells in (columns, *([_text(row[column]) for column in columns] for row in rows)):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)))
    RESULTS.mkdir(exist_ok=True)
    result = {"benchmark": name, "date": time.strftime("%Y-%m-%d"), **about, "machine": machine(), "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")


def _text(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)

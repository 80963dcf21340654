"""What every benchmark writes beside its figures: machine, versions, time."""

import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    names = ("synthetyk", "torch", "numpy", "pillow")
    return {
        "processor": processor(),
        "threads": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name where the system tells it, else its kind."""
    kind = platform.processor() or platform.machine()
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} ({kind})" if names else kind


def data(name: str) -> Path:
    """Return a real data set's path, or end with what is missing."""
    root = os.environ.get("SYNTHETYK_DATA")
    if root is None or not Path(root, name).exists():
        sys.exit(f"{name} is not in the folder that SYNTHETYK_DATA names ({root}): set it to where the data lies")
    return Path(root, name)


def write(name: str, rows: list[dict[str, Any]], *, folder: Path = RESULTS, **about: Any) -> None:
    """Print the rows as a table, a dash where a row lacks a column; write them as JSON and as Markdown."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    cells = [columns, *([_text(row.get(column)) for column in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    folder.mkdir(parents=True, exist_ok=True)
    result = {"benchmark": name, "date": time.strftime("%Y-%m-%d"), **about, "machine": machine(), "rows": rows}
    (folder / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    (folder / f"{name}.md").write_text(markdown(name, cells, result))


def markdown(name: str, cells: list[list[str]], result: dict[str, Any]) -> str:
    """Return the table with what it is about above it, machine and versions below."""
    head, *body = (f"| {' | '.join(line)} |" for line in cells)
    table = "\n".join([head, "|" + " --- |" * len(cells[0]), *body])
    where = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
    parts = [f"# {name}", result.get("about", "").strip(), table, f"{result['date']}; {where}. More in `{name}.json`."]
    return "\n\n".join(filter(None, parts)) + "\n"


def beside(name: str, key: str, rows: Mapping[str, Any], *, folder: Path = RESULTS) -> dict[str, Any]:
    """Return rows by name, and before them those that only earlier results hold: full budgets fill many hours.

    Args:
        name: The benchmark.
        key: ``rows``, or ``details``.
        rows: What was measured now.
        folder: Where the results lie.
    """
    path = folder / f"{name}.json"
    old = json.loads(path.read_text())[key] if path.exists() else {}
    if isinstance(old, list):
        old = {row["row"]: row for row in old}
    return {**old, **rows}


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else str(value)

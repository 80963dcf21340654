"""Where the command ``synthetyk`` begins: says in words what is not installed."""

import importlib.util
import sys


def main() -> None:
    """Run the command line, if what it needs is there."""
    if importlib.util.find_spec("torch") is None:
        sys.exit("Error: torch is not installed, which every command needs. Run: pip install 'synthetyk[train]'")
    from synthetyk.cli.main import main as run

    run()

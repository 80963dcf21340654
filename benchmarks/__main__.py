"""``python -m benchmarks [NAME ...]``: run some benchmarks, or all; one that was stopped goes on where it was."""

import sys
from importlib import import_module

from benchmarks.options import parse

ALL = {
    **{
        name: f"benchmarks.{name}"
        for name in ("pneumonia", "classifiers", "transfer", "compress", "memory", "tracking")
    },
    "serving": "benchmarks.serving.rates",
    **{
        name: f"benchmarks.gan.{name}"
        for name in ("quality", "use", "throughput", "head_ct", "rmsprop", "studies", "gpu")
    },
}

if __name__ == "__main__":
    options = parse(sys.argv[1:], ALL)
    options.limit_threads()
    failed: list[str] = []
    for benchmark in options.names or ALL:
        print(f"== {benchmark}", flush=True)
        failed += import_module(ALL[benchmark]).main(options)
    if failed:
        sys.exit(f"Failed: {', '.join(failed)}; the same command tries again")

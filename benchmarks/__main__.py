"""``python -m benchmarks [NAME ...]``: run some benchmarks, or all."""

import sys
from importlib import import_module

ALL = ("pneumonia",)

if __name__ == "__main__":
    for name in sys.argv[1:] or ALL:
        if name not in ALL:
            sys.exit(f"There is no benchmark {name!r}; there are: {', '.join(ALL)}")
        print(f"== {name}")
        import_module(f"benchmarks.{name}").main()

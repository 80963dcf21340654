"""The command line."""

import os

# GNU OpenMP lets idle threads spin, and on a busy machine that costs many times the work itself (measured: 30 times on
# two cores with one of them taken). It reads this when torch loads it, so it is set before any command is imported.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

"""Figures that we quote: run one with ``python -m benchmarks NAME``, or all of them with ``make bench``."""

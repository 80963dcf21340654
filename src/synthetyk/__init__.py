"""Synthetyk: synthetic medical images, judged honestly."""

__version__ = "0.1.0"

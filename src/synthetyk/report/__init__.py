"""A run becomes one self-contained page."""

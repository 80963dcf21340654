"""Data sources, decoding, splits, fingerprint, cache, contact sheets."""

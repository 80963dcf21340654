"""Experiments: classifiers that JSON files describe, trained, compared and kept."""

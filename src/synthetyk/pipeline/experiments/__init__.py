"""Experiments: classifiers trained as JSON files say, compared in one table."""

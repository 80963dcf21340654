"""Classifiers of experiments, compared: what each of their settings changes."""

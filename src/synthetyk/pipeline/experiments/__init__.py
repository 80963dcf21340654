"""Experiments: what JSON files say of classifiers to train and compare. So far they are read and checked, not run."""

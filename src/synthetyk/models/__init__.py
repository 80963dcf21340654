"""Generators, discriminators and classifiers."""

"""Classifiers with and without synthetic images, compared."""

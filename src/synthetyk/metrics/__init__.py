"""Distances, scores and intervals on numpy arrays."""

"""Packages of trained models, and what runs them without torch."""

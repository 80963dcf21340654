"""A run becomes a package."""

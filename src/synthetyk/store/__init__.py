"""Where images and what was said of them are kept."""

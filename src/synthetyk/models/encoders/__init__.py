"""Published networks as encoders, one file for each family."""

"""Where the numbers of a training go."""

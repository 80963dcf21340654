"""What it costs to serve a generator, beside others that serve the same network."""

"""Asks a service from Python: see `client.client` and `client.asynchronous`."""

"""Routes of the REST API, a noun a module; each has a `router` that `service.app` includes."""

"""REST service: packaged models and stored images over HTTP; see `service.app`."""

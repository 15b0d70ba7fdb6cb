"""The service: sockets, one supervisor per call, routes."""

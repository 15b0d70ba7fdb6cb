"""The carrier's exchange as a stand-in: webhooks, documents, calls, rooms and the REST API."""

"""Logs, records and pictures of calls."""

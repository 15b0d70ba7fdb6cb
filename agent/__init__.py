"""Seamline: telephone voice agents on the Gemini Live API."""

__version__ = "0.1.0"

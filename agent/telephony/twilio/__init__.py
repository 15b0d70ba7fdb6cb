"""Twilio Media Streams and TwiML without I/O."""

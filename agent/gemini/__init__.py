"""The Gemini Live API without I/O: messages, profiles, the session."""

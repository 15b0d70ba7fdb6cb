"""What is kept of calls that are over, in SQLite or PostgreSQL."""

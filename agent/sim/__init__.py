"""Stand-ins for the caller, the carrier and the model's service."""

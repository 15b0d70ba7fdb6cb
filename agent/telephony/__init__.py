"""Phone legs without I/O: what every leg offers, and the carriers' wires."""

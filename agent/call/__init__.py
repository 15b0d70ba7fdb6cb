"""A call without I/O: uplink, playout, turns, ending, and the Call that composes them."""

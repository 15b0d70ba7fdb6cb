"""Ports for servers whose address must be known before they listen."""

import itertools
import os
import socket

FIRST, EACH = 10_000, 2_000
"""Below those that the kernel gives to whoever asks for any, and apart for each test process."""

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
_next = itertools.count(os.getpid())


def free_port() -> int:
    """A port of loopback that nobody listens on, and that nobody else is given by chance."""
    for n in itertools.islice(_next, EACH):
        port = FIRST + _WORKER * EACH + n % EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError("no port is free")

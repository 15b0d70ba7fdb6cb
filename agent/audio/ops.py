"""CPython's C audio operations, wherever this Python keeps them, without I/O.

`audioop` is in the standard library up to 3.12, where importing it warns that it will go, and
comes from the package audioop-lts from 3.13 on. The warning is answered by that dependency, so it
is silenced here, by its text, and nowhere else.
"""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "'audioop' is deprecated", DeprecationWarning)
    from audioop import cross, lin2ulaw, rms, ulaw2lin
    from audioop import max as peak

__all__ = ["cross", "lin2ulaw", "peak", "rms", "ulaw2lin"]

"""Durations as the service writes them, decimal seconds with the suffix `s`, without I/O."""

from __future__ import annotations

import re

_PATTERN = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)
_LIMIT_S = 315_576_000_000.0  # google.protobuf.Duration: ten thousand years


def parse_duration(value: object) -> float | None:
    """Seconds of a protobuf JSON duration, such as `"9.5s"`.

    Args:
        value: what stood in the message; anything. A bare number is taken as seconds.
    Returns:
        Seconds, negative when the text says so; None when it is absent or no duration.
    Source: docs/protocols/gemini-live.md 1.3.
    """
    if isinstance(value, str) and _PATTERN.fullmatch(value):
        seconds = float(value[:-1])
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    else:
        return None
    return float(seconds) if abs(seconds) <= _LIMIT_S else None


def format_duration(seconds: float) -> str:
    """The protobuf JSON text of a duration: at most nine decimals, no trailing zeroes.

    Source: docs/protocols/gemini-live.md 1.3.
    """
    text = f"{seconds:.9f}".rstrip("0").rstrip(".")
    return f"{'0' if text == '-0' else text}s"

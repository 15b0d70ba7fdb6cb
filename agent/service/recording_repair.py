"""Repairs recordings that a crash has left with a wrong header, or with half a sample.

A recording that this service writes has one header of 44 bytes, of which only the two sizes ever
change. So whatever the header says, the sound is what comes after it: sizes that are wrong are
counted anew, and a header that is none, as after a power cut, is written anew.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path

import structlog

from agent.service.recording_file import RATE_HZ

HEADER_BYTES = 44
FRAME_BYTES = 4
"""A sample of each side."""
LONGEST_BYTES = 0xFFFF_FFFF - 36
"""That a header can tell of; a day and a half."""

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_log = structlog.stdlib.get_logger()


def header(sound_bytes: int) -> bytes:
    """The header of a recording with so many bytes of sound."""
    per_s = RATE_HZ * FRAME_BYTES
    return _HEADER.pack(
        b"RIFF", sound_bytes + 36, b"WAVE",
        b"fmt ", 16, 1, 2, RATE_HZ, per_s, FRAME_BYTES, 16,
        b"data", sound_bytes,
    )  # fmt: skip


def repair(path: Path) -> bool:
    """Put a recording right; returns whether anything was wrong.

    A file without any sound gets a header that says so. It blocks, so call it in a thread.

    Raises:
        OSError: it cannot be read or written.
    """
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        sound = max(0, size - HEADER_BYTES) // FRAME_BYTES * FRAME_BYTES
        right = header(min(sound, LONGEST_BYTES))
        if file.read(HEADER_BYTES) == right and size == HEADER_BYTES + sound:
            return False
        file.seek(0)
        file.write(right)
        file.truncate(HEADER_BYTES + sound)
        return True


def repair_all(data: Path, in_use: Callable[[Path], bool]) -> int:
    """Repair every recording below the data folder; returns how many needed it.

    Args:
        in_use: whether a call is writing a file.
    """
    repaired = 0
    for path in (data / "recordings").glob("*/*.wav"):
        try:
            if not stat.S_ISREG(path.lstat().st_mode) or in_use(path):
                continue
            changed_at = path.stat().st_mtime
            if repair(path):
                repaired += 1
                os.utime(path, (changed_at, changed_at))  # its age still counts from the call
        except OSError as error:
            _log.warning("recording.not_repaired", reason=error.strerror)
    if repaired:
        _log.warning("recordings.repaired", files=repaired)
    return repaired

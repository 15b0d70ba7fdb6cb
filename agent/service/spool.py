"""Records that the store does not take for now: a folder with one file of one line for each.

A file is there whole or not at all, so what a crash leaves behind can be read. The names sort by
the time at which the calls began.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC
from pathlib import Path

import msgspec

from agent.observe.record_schema import CallRecord
from agent.service.recording_file import file_name

MOST = 50_000
"""Files; a folder with more would take too long to look through."""
SUFFIX = ".jsonl"
REFUSED = "refused"
"""The folder for what the store will never take."""


class SpoolFull(OSError):
    """There is no room for another file."""


class Unreadable(Exception):
    """A file is no record."""


class Spool:
    """The folder; every method blocks, so call it in a thread.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, record: CallRecord, *, refused: bool = False) -> None:
        """Keep a record; it is on the disk when this returns.

        Args:
            refused: the store will never take it; a person has to look.

        Raises:
            OSError: the disk does not take it, or there are too many.
        """
        if len(self.files()) >= MOST:
            raise SpoolFull
        folder = self._folder / REFUSED if refused else self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / _name(record)
        new = path.with_suffix(".tmp")
        try:
            with os.fdopen(
                os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb"
            ) as file:
                file.write(msgspec.json.encode(record) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise

    def files(self) -> list[Path]:
        """What is kept, oldest first; nothing where the folder cannot be read."""
        try:
            return sorted(path for path in self._folder.iterdir() if path.suffix == SUFFIX)
        except OSError:
            return []

    def read(self, path: Path) -> CallRecord | None:
        """A record; None: another process has taken it.

        Raises:
            Unreadable: it is none.
            OSError: it cannot be read now.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=CallRecord)
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unreadable from None

    def remove(self, path: Path) -> None:
        """The store has it."""
        path.unlink(missing_ok=True)

    def refuse(self, path: Path) -> None:
        """The store will never take it; a person has to look."""
        folder = self._folder / REFUSED
        folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileNotFoundError):
            path.replace(folder / path.name)


def _name(record: CallRecord) -> str:
    began = record.began_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%f")
    return f"{began}-{file_name(record.call_id)}{SUFFIX}"

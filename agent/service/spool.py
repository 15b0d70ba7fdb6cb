"""What the store does not take for now: a folder with one file of one line for each.

A file is a record, or news of the carrier about a call; its ending says which. It is there whole or
not at all, so what a crash leaves behind can be read. The names sort by the time at which the calls
began, and the news came.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent.observe.carrier_news import CarrierNews
from agent.observe.record_schema import CallRecord
from agent.service.recording_file import file_name

MOST = 50_000
"""Files; a folder with more would take too long to look through."""
RECORD, NEWS = ".jsonl", ".news"
REFUSED = "refused"
"""The folder for what the store will never take."""

type Item = CallRecord | CarrierNews
"""What the store takes of a call."""

_KINDS: Mapping[str, type[CallRecord] | type[CarrierNews]] = {
    RECORD: CallRecord,
    NEWS: CarrierNews,
}


class SpoolFull(OSError):
    """There is no room for another file."""


class Unreadable(Exception):
    """A file is not what its name says."""


class Spool:
    """The folder; every method blocks, so call it in a thread.

    Args:
        folder: made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, item: Item, *, refused: bool = False) -> None:
        """Keep it; it is on the disk when this returns.

        Args:
            refused: the store will never take it; a person has to look.

        Raises:
            OSError: the disk does not take it, or there are too many.
        """
        if len(self.files()) >= MOST:
            raise SpoolFull
        folder = self._folder / REFUSED if refused else self._folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / _name(item)
        new = path.with_name(f"{path.name}.tmp")
        try:
            with os.fdopen(
                os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb"
            ) as file:
                file.write(msgspec.json.encode(item) + b"\n")
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
            return sorted(path for path in self._folder.iterdir() if path.suffix in _KINDS)
        except OSError:
            return []

    def read(self, path: Path) -> Item | None:
        """What a file holds; None: another process has taken it.

        Raises:
            Unreadable: it is not what its name says.
            OSError: it cannot be read now.
        """
        try:
            return msgspec.json.decode(path.read_bytes(), type=_KINDS[path.suffix])
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


def _name(item: Item) -> str:
    """One for each call's record; news add up, so that each piece has its own."""
    if isinstance(item, CallRecord):
        at, ending = item.began_at.astimezone(UTC), RECORD
    else:
        at, ending = datetime.now(UTC), NEWS
    return f"{at:%Y%m%dT%H%M%S.%f}-{file_name(item.call_id)}{ending}"

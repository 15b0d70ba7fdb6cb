"""Deletes recordings and wires that are older than their tenant keeps them.

Only what has the place and the name of a file that this service writes is ever deleted:
`recordings/<tenant>/<call>.wav` and `wires/<tenant>/<call>.wire`, a plain file in a plain folder.
Its age counts from its last change, the end of the call.
"""

from __future__ import annotations

import asyncio
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from agent.service.recording_file import recordings_folder
from agent.service.wire_file import wires_folder

EVERY_S = 3600.0

_OURS = re.compile(r"[A-Za-z0-9_-]{1,64}\.(wav|wire)")
_log = structlog.stdlib.get_logger()

type InUse = Callable[[Path], bool]


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in one of a tenant's folders.

    Attributes:
        changed_at: seconds since the epoch.
        plain: it is a file itself: no folder, no link.
    """

    path: Path
    changed_at: float
    plain: bool


def expired(files: Iterable[Kept], keep_s: float, now_utc: float, in_use: InUse) -> Iterator[Path]:
    """Which of the files are to be deleted.

    Args:
        keep_s: how old a file may become.
        now_utc: seconds since the epoch.
        in_use: whether a call is writing a file.
    """
    for file in files:
        ours = file.plain and _OURS.fullmatch(file.path.name)
        if ours and now_utc - file.changed_at > keep_s and not in_use(file.path):
            yield file.path


def delete_expired(data: Path, tenant: str, keep_s: float, now_utc: float, in_use: InUse) -> int:
    """Delete what a tenant no longer keeps; it blocks, so call it in a thread.

    Returns:
        How many files were deleted. One that cannot be is logged, and tried again the next time.
    """
    folders = (recordings_folder(data, tenant), wires_folder(data, tenant))
    deleted = failed = 0
    reason = None
    try:
        files = [file for folder in folders for file in _files(folder)]
    except OSError as error:
        _log.warning("recordings.not_deleted", tenant=tenant, reason=error.strerror)
        return 0
    for path in expired(files, keep_s, now_utc, in_use):
        try:
            path.unlink(missing_ok=True)
            deleted += 1
        except OSError as error:
            failed, reason = failed + 1, error.strerror
    if failed:
        _log.warning("recordings.not_deleted", tenant=tenant, reason=reason, files=failed)
    if deleted:
        _log.info("recordings.deleted", tenant=tenant, files=deleted)
    return deleted


def _files(folder: Path) -> Iterator[Kept]:
    """What lies in a folder; nothing in one that is not there, or that is only a link."""
    if folder.is_symlink() or not folder.is_dir():
        return
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # it was there a moment ago
            state = path.lstat()
            yield Kept(path, state.st_mtime, stat.S_ISREG(state.st_mode))


async def delete_regularly(
    data: Path,
    kept: Callable[[], Mapping[str, float]],
    in_use: InUse,
    deleted: Callable[[int], None],
) -> None:
    """Delete at once and then every hour, until cancelled.

    Args:
        kept: how long each tenant keeps its files now, in seconds; others are left alone.
        in_use: whether a call is writing a file; asked from a thread.
        deleted: is told how many were deleted, if any.
    """
    while True:
        for tenant, keep_s in kept().items():
            now = time.time()
            if n := await asyncio.to_thread(delete_expired, data, tenant, keep_s, now, in_use):
                deleted(n)
        await asyncio.sleep(EVERY_S)

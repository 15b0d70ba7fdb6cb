"""The tape of a call on disk: written as the call goes on, locked, away from the event loop.

What is noted waits in memory, within a bound, for a chunk to be made of it; packing, locking and
writing are a thread's work. A tape that cannot go on, because the disk is slow, full or gone, ends
with a word why. The call never learns of it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import BinaryIO

import structlog

from agent.call.tape import Broken, Fact
from agent.observe.wire_key import SALT_BYTES, WireKey
from agent.observe.wires import ChunkWriter
from agent.service.recording_file import file_name, unused

CHUNK_S = 1.0
"""So much of a call a crash of the machine loses, and"""
CHUNK_BYTES = 256 << 10
"""a chunk is written before that when so much has come."""

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class WireLimits:
    """The bounds of one tape, in bytes.

    Attributes:
        waiting: in memory: for a slow disk, or for the caller to know that he is recorded.
        file: on disk, but for the last chunk.
        free: that must be left on the disk.
    """

    waiting: int = 4 << 20
    file: int = 256 << 20
    free: int = 256 << 20


LIMITS = WireLimits()


class WireFile:
    """A `Tape` in a file. `note` never waits; `write` is the task that owns the file.

    Args:
        broken: is told, once, why the tape ends before the call.
        limits: its bounds.

    Attributes:
        path: of the file; it is there once something may be kept.
        written: bytes.
    """

    def __init__(
        self,
        path: Path,
        key: WireKey,
        broken: Callable[[str], None],
        limits: WireLimits = LIMITS,
    ) -> None:
        self.path = path
        self.written = 0
        self._broken = broken
        self._limits = limits
        self._chunks = ChunkWriter(key, token_bytes(SALT_BYTES))
        self._facts: list[Fact] = []
        self._waiting = 0
        self._may = False
        self._over = False
        self._changed = asyncio.Event()
        # Of the threads: one that nobody awaits any more may still be at work.
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._done = False

    def note(self, fact: Fact, size: int) -> None:
        """Keep a fact of about so many bytes."""
        if self._over:
            return
        self._facts.append(fact)
        self._waiting += size
        if self._waiting > self._limits.waiting:
            self._give_up("slow disk" if self._may else "not allowed in time")
        elif self._waiting >= CHUNK_BYTES and self._may:
            self._changed.set()

    def allow(self) -> None:
        """What is noted may be kept."""
        self._may = True
        self._changed.set()

    def close(self) -> None:
        """Nothing more comes; `write` ends once all is written."""
        self._over = True
        self._changed.set()

    async def write(self) -> None:
        """Write until closed; a disk that fails costs the tape, not the call."""
        try:
            while not self._may and not self._over:
                await self._changed.wait()
                self._changed.clear()
            while not self._over:
                with suppress(TimeoutError):
                    async with asyncio.timeout(CHUNK_S):
                        await self._changed.wait()
                self._changed.clear()
                if self._facts and not self._over:
                    await self._put_out(last=False)
        finally:
            await self._put_out(last=True)

    async def _put_out(self, *, last: bool) -> None:
        """Have a thread write what there is, if it may be kept."""
        facts, self._facts, self._waiting = self._facts, [], 0
        if self._may and (why := await asyncio.to_thread(self._save, facts, last)) is not None:
            self._facts = facts
            self._give_up(why)

    def _give_up(self, reason: str) -> None:
        """The tape ends before the first fact that is not written."""
        self._facts, self._waiting = [Broken(fact.at, reason) for fact in self._facts[:1]], 0
        self.close()
        _log.warning("wire.given_up", reason=reason, bytes=self.written)
        self._broken(reason)

    def _save(self, facts: list[Fact], last: bool) -> str | None:
        """Write one chunk; a thread's work.

        Returns:
            Why it was not written and none can be any more; None: all is well.
        """
        with self._lock:
            if self._done or (self._file is None and not facts):
                return None
            try:
                return self._append(facts, last)
            except OSError as error:
                self._done = True
                with suppress(OSError):
                    self._close_file()
                return error.strerror or "unknown"

    def _append(self, facts: list[Fact], last: bool) -> str | None:
        file = self._file or self._open()
        if not last:
            if self.written > self._limits.file:
                return "longest file"
            if shutil.disk_usage(self.path.parent).free < self._limits.free:
                return "disk nearly full"
        chunk = self._chunks.chunk(facts, last=last)
        file.write(chunk)
        file.flush()
        self.written += len(chunk)
        if last:
            self._done = True
            self._close_file()
        return None

    def _open(self) -> BinaryIO:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        self._file = file = os.fdopen(os.open(self.path, flags, 0o600), "wb")
        self.written = file.write(self._chunks.header)
        return file

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()


@asynccontextmanager
async def written(file: WireFile | None) -> AsyncIterator[None]:
    """Write a tape while the block runs; at its end the file is complete."""
    if file is None:
        yield
        return
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(file.write())
        try:
            yield
        except Exception as error:  # raised again below, once the tape so far is written
            failure = error
        finally:
            file.close()
    if failure is not None:
        raise failure


def wire_path(data: Path, tenant: str, call_id: str) -> Path:
    """Where a call's tape goes."""
    return unused(wires_folder(data, tenant) / f"{file_name(call_id)}.wire")


def wires_folder(data: Path, tenant: str) -> Path:
    """Where a tenant's tapes lie."""
    return data / "wires" / tenant

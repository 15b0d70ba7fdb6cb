"""The recording of a call on disk, written while the call goes on, away from the event loop."""

import asyncio
import os
import re
import threading
import wave
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

import structlog

RATE_HZ = 8000
PIECES_LIMIT = 60
"""Seconds of sound that may wait for a slow disk; after that, sound is lost, never a call."""

_log = structlog.stdlib.get_logger()


class RecordingFile:
    """A stereo WAV file; its header is right after every piece, so a crash loses the last second.

    `put` never waits; `write` is the task that owns the file and ends after `close`.

    Attributes:
        path: of the file.
        dropped: pieces that found no room, or no disk.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.dropped = 0
        self._pieces: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._closed = False
        # Of the threads: one that nobody awaits any more may still be at work.
        self._lock = threading.Lock()
        self._disk: BinaryIO | None = None
        self._file: wave.Wave_write | None = None

    def put(self, stereo: bytes) -> None:
        """Queue a piece: interleaved int16, little-endian, 8 kHz."""
        if self._closed or len(self._pieces) >= PIECES_LIMIT:
            self.dropped += 1
        else:
            self._pieces.append(stereo)
            self._changed.set()

    def close(self) -> None:
        """Nothing more comes; `write` ends once all is written."""
        self._closed = True
        self._changed.set()

    async def write(self) -> None:
        """Write until closed; a disk that fails costs the recording, not the call."""
        try:
            while not self._closed:
                await asyncio.to_thread(self._save)
                self._changed.clear()
                if not self._pieces and not self._closed:
                    await self._changed.wait()
        except OSError as error:
            self._failed(error)
        finally:
            try:
                await asyncio.to_thread(self._finish)
            except OSError as error:
                self._failed(error)

    def _save(self) -> None:
        with self._lock:
            file = self._file or self._open()
            while self._pieces:
                file.writeframes(self._pieces.popleft())

    def _open(self) -> wave.Wave_write:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Not by `wave`, which stumbles over a failure; and for nobody else to read.
        self._disk = open(self.path, "wb", opener=_private)  # noqa: SIM115 - closed by `_finish`
        self._file = file = wave.open(self._disk, "wb")  # noqa: SIM115 - closed by `_finish`
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        return file

    def _finish(self) -> None:
        """Write what is left, and close, whatever became of the file."""
        try:
            if self._pieces:
                self._save()
        finally:
            with self._lock, self._disk or nullcontext():
                if self._file is not None:
                    self._file.close()

    def _failed(self, error: OSError) -> None:
        self._closed = True
        self.dropped += len(self._pieces)
        self._pieces.clear()
        _log.error("recording.failed", reason=error.strerror, dropped=self.dropped)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@asynccontextmanager
async def recorded(path: Path | None) -> AsyncIterator[RecordingFile | None]:
    """Keep a recording while the block runs; at its end the file is complete.

    Args:
        path: of the file; None keeps none.
    """
    if path is None:
        yield None
        return
    file = RecordingFile(path)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        group.create_task(file.write())
        try:
            yield file
        except Exception as error:  # raised again below, once the sound so far is written
            failure = error
        finally:
            file.close()
    if failure is not None:
        raise failure


def recording_path(data: Path, tenant: str, call_id: str) -> Path:
    """Where a call's recording goes."""
    return unused(recordings_folder(data, tenant) / f"{file_name(call_id)}.wav")


def file_name(call_id: str) -> str:
    """What a call's files are called; an id is the carrier's word and no path."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", call_id)[:60] or "call"


def unused(path: Path) -> Path:
    """The path, or one beside it: a call that comes back after a crash overwrites nothing."""
    further = (path.with_stem(f"{path.stem}-{n}") for n in range(2, 100))
    return next((each for each in (path, *further) if not each.exists()), path)


def recordings_folder(data: Path, tenant: str) -> Path:
    """Where a tenant's recordings lie."""
    return data / "recordings" / tenant

"""The recording of a call on disk: complete whatever happens, and never a reason to fail a call."""

import asyncio
import json
import stat
import wave
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from agent.service.recording_file import PIECES_LIMIT, RecordingFile, recorded, recording_path
from tests.service.house import captured_log

SECOND = bytes(range(256)) * 125  # 8,000 samples of two channels


@pytest.fixture
def log() -> Iterator[StringIO]:
    with captured_log() as stream:
        yield stream


def events(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def read(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return file.readframes(file.getnframes())


def test_all_pieces_are_in_the_file_at_the_end(tmp_path: Path) -> None:
    async def main() -> None:
        async with recorded(tmp_path / "new/folder/call.wav") as recording:
            assert recording is not None
            recording.put(SECOND)
            await asyncio.sleep(0)
            recording.put(SECOND[::-1])
        assert asyncio.all_tasks() == {asyncio.current_task()}
        recording.put(SECOND)
        assert recording.dropped == 1  # too late

    asyncio.run(main())
    assert read(tmp_path / "new/folder/call.wav") == SECOND + SECOND[::-1]


def test_without_a_path_nothing_is_kept() -> None:
    async def main() -> None:
        async with recorded(None) as recording:
            assert recording is None

    asyncio.run(main())


def test_a_call_that_crashes_leaves_its_sound(tmp_path: Path) -> None:
    async def main() -> None:
        async with recorded(tmp_path / "call.wav") as recording:
            assert recording is not None
            recording.put(SECOND)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(main())
    assert read(tmp_path / "call.wav") == SECOND


def test_a_call_that_is_cancelled_leaves_its_sound(tmp_path: Path) -> None:
    async def call() -> None:
        async with recorded(tmp_path / "call.wav") as recording:
            assert recording is not None
            recording.put(SECOND)
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(call())
        while not (tmp_path / "call.wav").exists():  # noqa: ASYNC110 (a thread makes it)
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(main())
    assert read(tmp_path / "call.wav") == SECOND


def test_a_disk_that_fails_costs_the_recording_only(tmp_path: Path, log: StringIO) -> None:
    (tmp_path / "file").touch()

    async def main() -> None:
        async with recorded(tmp_path / "file/call.wav") as recording:
            assert recording is not None
            recording.put(SECOND)
            while not recording.dropped:  # noqa: ASYNC110 (a thread finds out)
                await asyncio.sleep(0)
            recording.put(SECOND)
            assert recording.dropped == 2

    asyncio.run(main())
    [line] = events(log)
    assert (line["event"], line["reason"]) == ("recording.failed", "File exists")


def test_a_full_disk_costs_the_rest_of_the_recording(log: StringIO) -> None:
    async def main() -> None:
        async with recorded(Path("/dev/full")) as recording:
            assert recording is not None
            recording.put(SECOND)

    asyncio.run(main())
    assert {line["reason"] for line in events(log)} == {"No space left on device"}


def test_a_slow_disk_costs_what_finds_no_room(tmp_path: Path) -> None:
    async def main() -> None:
        recording = RecordingFile(tmp_path / "call.wav")
        for _ in range(PIECES_LIMIT + 2):
            recording.put(SECOND)
        assert recording.dropped == 2

    asyncio.run(main())


@pytest.mark.parametrize(
    ("call_id", "name"),
    [("CA17", "CA17.wav"), ("../../etc/passwd", "______etc_passwd.wav"), ("", "call.wav")],
)
def test_an_id_is_no_path(call_id: str, name: str, tmp_path: Path) -> None:
    assert recording_path(tmp_path, "shop", call_id) == tmp_path / "recordings/shop" / name


def test_nobody_else_can_read_a_recording(tmp_path: Path) -> None:
    async def main() -> None:
        async with recorded(tmp_path / "call.wav") as recording:
            assert recording is not None
            recording.put(SECOND)

    asyncio.run(main())
    assert stat.S_IMODE((tmp_path / "call.wav").stat().st_mode) == 0o600


def test_a_call_that_comes_back_overwrites_nothing(tmp_path: Path) -> None:
    first = recording_path(tmp_path, "shop", "CA1")
    first.parent.mkdir(parents=True)
    first.touch()

    assert recording_path(tmp_path, "shop", "CA1").name == "CA1-2.wav"
    assert recording_path(tmp_path, "shop", "CA2").name == "CA2.wav"

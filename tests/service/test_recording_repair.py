"""Recordings that a crash has left broken are put right, and no others are touched."""

import io
import json
import os
import wave
from pathlib import Path

import pytest

from agent.service import recording_repair
from agent.service.recording_repair import HEADER_BYTES, header, repair, repair_all
from tests.service.house import captured_log

SOUND = bytes(range(256)) * 10
GOOD = header(len(SOUND)) + SOUND


def nobody(path: Path) -> bool:
    return False


def read(path: Path) -> bytes:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        return file.readframes(file.getnframes())


def test_the_header_is_the_one_that_a_recording_has() -> None:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(SOUND)

    assert content.getvalue() == GOOD


def test_a_whole_recording_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(GOOD)

    assert not repair(path)
    assert path.read_bytes() == GOOD


@pytest.mark.parametrize(
    ("content", "sound"),
    [
        (header(0) + SOUND, SOUND),  # the header was never brought up to date
        (header(400) + SOUND, SOUND),
        (header(1 << 20) + SOUND, SOUND),  # the sound did not reach the disk
        (bytes(HEADER_BYTES) + SOUND, SOUND),  # nor did the header
        (os.urandom(HEADER_BYTES) + SOUND, SOUND),
        (GOOD + b"\x01\x02\x03", SOUND),  # half a sample
        (GOOD[:-1], SOUND[:-4]),
        (GOOD[:20], b""),
        (b"", b""),
    ],
    ids=["zero", "short", "long", "nothing", "nonsense", "more", "less", "torn", "empty"],
)
def test_a_broken_recording_can_be_played(tmp_path: Path, content: bytes, sound: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)

    assert repair(path)

    assert read(path) == sound
    assert not repair(path)


def test_a_file_longer_than_a_header_can_tell_keeps_its_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_repair, "LONGEST_BYTES", 100)
    path = tmp_path / "call.wav"
    path.write_bytes(header(0) + SOUND)

    assert repair(path)

    assert path.read_bytes() == header(100) + SOUND


def test_every_tenants_recordings_are_repaired_and_their_age_stays(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    for name in ("a/1.wav", "b/2.wav", "b/live.wav", "b/notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header(0) + SOUND)
        os.utime(path, (1000, 1000))
    (folder / "b/whole.wav").write_bytes(GOOD)
    (folder / "b/link.wav").symlink_to(folder / "b/notes.txt")
    (folder / "b/folder.wav").mkdir()

    with captured_log() as log:
        n = repair_all(tmp_path, lambda path: path.name == "live.wav")

    assert n == 2
    assert read(folder / "a/1.wav") == read(folder / "b/2.wav") == SOUND
    assert (folder / "a/1.wav").stat().st_mtime == 1000
    for name in ("b/live.wav", "b/notes.txt"):
        assert (folder / name).read_bytes() == header(0) + SOUND
    [line] = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (line["event"], line["files"]) == ("recordings.repaired", 2)


def test_one_that_cannot_be_repaired_harms_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recordings/a"
    folder.mkdir(parents=True)
    (folder / "1.wav").write_bytes(header(0) + SOUND)
    (folder / "2.wav").write_bytes(header(0) + SOUND)

    def fails_once(path: Path) -> bool:
        monkeypatch.setattr(recording_repair, "repair", repair)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(recording_repair, "repair", fails_once)
    with captured_log() as log:
        assert repair_all(tmp_path, nobody) == 1
    events = [json.loads(line)["event"] for line in log.getvalue().splitlines()]
    assert events == ["recording.not_repaired", "recordings.repaired"]


def test_where_nothing_was_ever_recorded_nothing_is_done(tmp_path: Path) -> None:
    assert repair_all(tmp_path, nobody) == 0

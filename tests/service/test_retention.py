"""Old recordings are deleted: those of this service, when they are too old, and nothing else."""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from agent.service import retention
from agent.service.recording_file import recording_path
from agent.service.retention import EVERY_S, Kept, delete_expired, delete_regularly, expired
from tests.service.house import captured_log
from tests.support.virtual_loop import run_virtually

NOW = 1_790_000_000.0
DAY_S = 86_400.0


@pytest.fixture
def log() -> Iterator[StringIO]:
    with captured_log() as stream:
        yield stream


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def nobody(path: Path) -> bool:
    return False


def chosen(*files: Kept, in_use: Path | None = None) -> list[str]:
    return [path.name for path in expired(files, DAY_S, NOW, lambda path: path == in_use)]


def kept(name: str, age_s: float = 2 * DAY_S, *, plain: bool = True) -> Kept:
    return Kept(Path(name), NOW - age_s, plain)


def test_what_is_older_is_deleted_and_nothing_younger() -> None:
    files = [kept("CA1.wav"), kept("CA2.wav", DAY_S), kept("CA3.wav", DAY_S + 1)]
    assert chosen(*files, kept("CA4.wav", -DAY_S)) == ["CA1.wav", "CA3.wav"]


def test_a_file_that_is_being_written_stays() -> None:
    assert chosen(kept("CA1.wav"), kept("CA2.wav"), in_use=Path("CA1.wav")) == ["CA2.wav"]


@pytest.mark.parametrize(
    "name", ["notes.txt", "CA1.wav.bak", ".wav", "my call.wav", "CA1.WAV", "x" * 65 + ".wav"]
)
def test_what_this_service_does_not_write_stays(name: str) -> None:
    assert chosen(kept(name)) == []


def test_only_files_are_deleted() -> None:
    assert chosen(kept("CA1.wav", plain=False)) == []


@pytest.mark.parametrize("call_id", ["CA1", "../../etc/passwd", "", "x" * 200, "ü"])
def test_every_name_of_a_recording_is_known(call_id: str) -> None:
    path = recording_path(Path("data"), "shop", call_id)
    assert [*expired([Kept(path, 0.0, True)], DAY_S, NOW, nobody)] == [path]


def recording(data: Path, name: str, age_s: float, tenant: str = "shop") -> Path:
    path = data / "recordings" / tenant / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF")
    os.utime(path, (NOW - age_s, NOW - age_s))
    return path


def test_files_are_deleted_counted_and_logged(tmp_path: Path, log: StringIO) -> None:
    old = [recording(tmp_path, f"CA{n}.wav", 2 * DAY_S) for n in range(3)]
    new = recording(tmp_path, "CA9.wav", 60)
    other = recording(tmp_path, "CA1.wav", 2 * DAY_S, tenant="office")
    elsewhere = tmp_path / "CA1.wav"
    elsewhere.touch()
    link = new.parent / "CA5.wav"
    link.symlink_to(elsewhere)
    folder = new.parent / "CA6.wav"
    folder.mkdir()
    os.utime(folder, (0, 0))

    assert delete_expired(tmp_path, "shop", DAY_S, NOW, lambda path: path == old[0]) == 2

    assert [path.exists() for path in old] == [True, False, False]
    assert all(path.exists() for path in (new, other, elsewhere, link, folder))
    [line] = lines(log)
    assert (line["event"], line["tenant"], line["files"]) == ("recordings.deleted", "shop", 2)


def test_where_nothing_was_recorded_nothing_is_done(tmp_path: Path, log: StringIO) -> None:
    assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 0
    assert lines(log) == []


def test_a_folder_that_is_a_link_is_left_alone(tmp_path: Path) -> None:
    path = recording(tmp_path / "elsewhere", "CA1.wav", 2 * DAY_S)
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "shop").symlink_to(path.parent)
    assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 0
    assert path.exists()


def test_a_disk_that_fails_is_told_and_tried_again(
    tmp_path: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path, "CA1.wav", 2 * DAY_S)

    def broken(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    for name in ("unlink", "iterdir"):
        with monkeypatch.context() as patch:
            patch.setattr(Path, name, broken)
            assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 0
    told = [(line["event"], line["reason"]) for line in lines(log)]
    assert told == [("recordings.not_deleted", "Permission denied")] * 2
    assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 1
    assert not path.exists()


def test_a_file_that_somebody_else_deletes_meanwhile_is_no_failure(
    tmp_path: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path, "CA1.wav", 2 * DAY_S)
    gone = path.parent / "CA0.wav"
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter([gone, path]))
    assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 1
    assert [line["event"] for line in lines(log)] == ["recordings.deleted"]


def test_it_is_done_at_the_start_and_every_hour_for_those_who_want_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[float, str, float]] = []
    counted: list[int] = []
    wanted: dict[str, float] = {"shop": DAY_S}

    async def main() -> None:
        time = asyncio.get_running_loop().time
        began = time()

        def note(data: Path, tenant: str, keep_s: float, *_: object) -> int:
            done.append((time() - began, tenant, keep_s))
            return len(done)

        async def here(function: Any, *given: Any) -> Any:
            return function(*given)

        monkeypatch.setattr(retention, "delete_expired", note)
        monkeypatch.setattr(asyncio, "to_thread", here)

        def now_kept() -> Mapping[str, float]:
            return dict(wanted)

        task = asyncio.create_task(delete_regularly(tmp_path, now_kept, nobody, counted.append))
        await asyncio.sleep(1)
        wanted["office"] = 2 * DAY_S
        await asyncio.sleep(EVERY_S)
        task.cancel()
        await asyncio.wait([task])

    run_virtually(main())
    assert [(round(at_s), tenant, keep_s) for at_s, tenant, keep_s in done] == [
        (0, "shop", DAY_S),
        (EVERY_S, "shop", DAY_S),
        (EVERY_S, "office", 2 * DAY_S),
    ]
    assert counted == [1, 2, 3]


def test_wires_are_deleted_like_recordings(tmp_path: Path) -> None:
    old, young, foreign = (
        tmp_path / "wires/shop" / name for name in ("CA1.wire", "CA2.wire", "notes.txt")
    )
    old.parent.mkdir(parents=True)
    for path, age_s in ((old, 2 * DAY_S), (young, 1.0), (foreign, 2 * DAY_S)):
        path.touch()
        os.utime(path, (NOW - age_s, NOW - age_s))

    with captured_log():
        assert delete_expired(tmp_path, "shop", DAY_S, NOW, nobody) == 1

    assert sorted(path.name for path in old.parent.iterdir()) == ["CA2.wire", "notes.txt"]

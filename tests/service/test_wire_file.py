"""The tape of a call on disk: whole at the end, bounded always, and never a reason to wait."""

import asyncio
import json
import shutil
import stat
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.call.tape import Broken, Fact, PhoneSaid
from agent.observe.wire_key import read_keys
from agent.observe.wires import ReadTape, read_tape
from agent.service import wire_file
from agent.service.recording_file import unused
from agent.service.wire_file import CHUNK_BYTES, WireFile, WireLimits, wire_path, written
from tests.call.tapes import busy, lived
from tests.service.house import captured_log
from tests.support.patient_loop import run_on_loopback

KEYS = read_keys("77" * 32)
FACTS = lived(busy).facts
EACH = 1000


@pytest.fixture
def log() -> Iterator[StringIO]:
    with captured_log() as stream:
        yield stream


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


class Kept(NamedTuple):
    file: WireFile
    broke: list[str]


def new(path: Path, limits: WireLimits = wire_file.LIMITS) -> Kept:
    broke: list[str] = []
    return Kept(WireFile(path, KEYS[0], broke.append, limits), broke)


def keep(path: Path, act: Callable[[WireFile], Any], limits: WireLimits = wire_file.LIMITS) -> Kept:
    """Write a tape while `act` does what it does, which may wait."""

    async def main() -> Kept:
        kept = new(path, limits)
        async with written(kept.file):
            if (waits := act(kept.file)) is not None:
                await waits
        return kept

    return run_on_loopback(main())


def noted(file: WireFile, facts: list[Fact] = FACTS) -> None:
    for fact in facts:
        file.note(fact, EACH)


def whole(tape: ReadTape) -> list[Fact]:
    return [tape.began, *tape.facts]


def test_all_that_was_noted_is_in_the_file_at_the_end(tmp_path: Path) -> None:
    def act(file: WireFile) -> None:
        noted(file)
        file.allow()

    kept = keep(tmp_path / "new/folder/call.wire", act)

    path = tmp_path / "new/folder/call.wire"
    tape = read_tape(path, KEYS)
    assert whole(tape) == FACTS
    assert tape.torn is None
    assert kept.broke == []
    assert kept.file.written == path.stat().st_size
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_written_as_the_call_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "call.wire"

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file, FACTS[:100])
        await asyncio.sleep(1.5)
        first = read_tape(path, KEYS)
        assert whole(first) == FACTS[:100]
        assert first.torn == "it breaks off"
        noted(file, FACTS[100:])
        await asyncio.sleep(3)
        assert whole(read_tape(path, KEYS)) == FACTS

    keep(path, act)
    assert read_tape(path, KEYS).torn is None


def test_much_at_once_is_written_before_its_time(tmp_path: Path) -> None:
    path = tmp_path / "call.wire"

    async def act(file: WireFile) -> None:
        file.allow()
        file.note(FACTS[0], CHUNK_BYTES)
        await asyncio.sleep(0.5)
        assert path.exists()

    keep(path, act)


def test_what_was_never_allowed_is_never_written(tmp_path: Path) -> None:
    async def act(file: WireFile) -> None:
        noted(file)
        await asyncio.sleep(5)

    kept = keep(tmp_path / "call.wire", act)

    assert not (tmp_path / "call.wire").exists()
    assert kept.broke == []


def test_nothing_noted_is_no_file(tmp_path: Path) -> None:
    keep(tmp_path / "call.wire", WireFile.allow)

    assert not (tmp_path / "call.wire").exists()


def test_a_disk_that_is_too_slow_ends_the_tape_and_not_the_call(
    tmp_path: Path, log: StringIO
) -> None:
    path = tmp_path / "call.wire"

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file, FACTS[:10])
        await asyncio.sleep(2)
        noted(file, FACTS[10:])  # at once: nobody can have written them
        noted(file, FACTS[:1])

    kept = keep(path, act, WireLimits(waiting=30 * EACH))

    tape = read_tape(path, KEYS)
    assert whole(tape) == [*FACTS[:10], Broken(FACTS[10].at, "slow disk")]
    assert tape.torn is None
    assert kept.broke == ["slow disk"]
    [line] = lines(log)
    assert (line["event"], line["reason"]) == ("wire.given_up", "slow disk")


def test_a_consent_that_is_not_heard_in_time_ends_the_tape(tmp_path: Path, log: StringIO) -> None:
    kept = keep(tmp_path / "call.wire", noted, WireLimits(waiting=30 * EACH))

    assert kept.broke == ["not allowed in time"]
    assert not (tmp_path / "call.wire").exists()


def test_a_file_has_a_longest_size(tmp_path: Path, log: StringIO) -> None:
    path = tmp_path / "call.wire"

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file, FACTS[:1])
        await asyncio.sleep(2)
        noted(file, FACTS[1:])
        await asyncio.sleep(2)
        noted(file, FACTS)

    kept = keep(path, act, WireLimits(file=1_000))

    assert kept.broke == ["longest file"]
    assert path.stat().st_size < 5_000
    assert whole(read_tape(path, KEYS)) == [FACTS[0], Broken(FACTS[1].at, "longest file")]


def test_some_of_the_disk_is_left_free(
    tmp_path: Path, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage(NamedTuple):
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1000))

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file)
        await asyncio.sleep(2)

    assert keep(tmp_path / "call.wire", act).broke == ["disk nearly full"]


def test_a_disk_that_fails_ends_the_tape_and_not_the_call(tmp_path: Path, log: StringIO) -> None:
    (tmp_path / "file").touch()

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file)
        await asyncio.sleep(2)
        noted(file)
        await asyncio.sleep(2)

    kept = keep(tmp_path / "file/call.wire", act)

    assert kept.broke == ["File exists"]


def test_a_full_disk_ends_the_tape_and_not_the_call(tmp_path: Path, log: StringIO) -> None:
    (tmp_path / "full.wire").symlink_to("/dev/full")

    async def act(file: WireFile) -> None:
        file.allow()
        noted(file)
        await asyncio.sleep(2)

    kept = keep(tmp_path / "full.wire", act, WireLimits(free=0))

    assert kept.broke == ["No space left on device"]
    assert len(lines(log)) == 1


def test_a_call_that_crashes_or_is_cancelled_leaves_its_tape(tmp_path: Path) -> None:
    def crash(file: WireFile) -> None:
        noted(file)
        file.allow()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep(tmp_path / "crashed.wire", crash)

    async def main() -> None:
        kept = new(tmp_path / "cancelled.wire")

        async def taped() -> None:
            async with written(kept.file):
                noted(kept.file)
                kept.file.allow()
                await asyncio.Event().wait()

        task = asyncio.create_task(taped())
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    run_on_loopback(main())
    for name in ("crashed", "cancelled"):
        tape = read_tape(tmp_path / f"{name}.wire", KEYS)
        assert whole(tape) == FACTS
        assert tape.torn is None


def test_without_a_file_nothing_is_kept() -> None:
    async def main() -> None:
        async with written(None):
            pass

    asyncio.run(main())


def test_a_call_has_a_name_and_a_place_of_its_own(tmp_path: Path) -> None:
    path = wire_path(tmp_path, "bella", "CA1/../../x")
    assert path == tmp_path / "wires/bella/CA1_______x.wire"
    path.parent.mkdir(parents=True)
    path.touch()
    assert wire_path(tmp_path, "bella", "CA1/../../x").name == "CA1_______x-2.wire"
    for n in range(2, 100):
        path.with_stem(f"{path.stem}-{n}").touch()
    assert unused(path) == path  # something is wrong, but no disk is filled by it


def test_facts_that_come_after_the_end_are_dropped(tmp_path: Path) -> None:
    async def main() -> None:
        kept = new(tmp_path / "call.wire")
        async with written(kept.file):
            kept.file.allow()
            noted(kept.file)
        kept.file.note(PhoneSaid(9.9, b"late"), EACH)

    run_on_loopback(main())
    assert whole(read_tape(tmp_path / "call.wire", KEYS)) == FACTS

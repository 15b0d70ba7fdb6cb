import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import structlog

from agent.errors import ConfigError
from agent.tools.journal import Busy, Committed, MemoryJournal, Mine, Unknown
from agent.tools.journal_sqlite import FILE_NAME, KEEP_S, SqliteJournal, make_journal
from agent.tools.sqlite_file import SWITCH_TRIES

BOOKED = {"output": {"reference": "BV-1042", "name": "Zoë"}}


class House:
    """A journal whose file other processes open as well; time is what a test says."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "data" / FILE_NAME
        self.now = 1_000_000.0
        self.journals: list[SqliteJournal] = []
        self.journal = self.open_journal()

    def open_journal(self) -> SqliteJournal:
        journal = SqliteJournal(self.path, lambda: self.now)
        self.journals.append(journal)
        return journal

    def run(self, main: Callable[[], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            try:
                await main()
            finally:
                for journal in self.journals:
                    await journal.close()

        asyncio.run(all_of_it())


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_an_entry_is_one_runs_until_it_is_committed(house: House) -> None:
    async def main() -> None:
        journal = house.journal
        assert await journal.begin("k", 17.0) == Mine()
        house.now += 7.0
        assert await journal.begin("k", 17.0) == Busy(10.0)
        await journal.commit("k", BOOKED)
        assert await journal.begin("k", 17.0) == Committed(BOOKED)
        assert await journal.begin("other", 17.0) == Mine()

    house.run(main)


def test_an_abandoned_entry_may_be_begun_again(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("k", 17.0)
        await house.journal.abandon("k")
        assert await house.journal.begin("k", 17.0) == Mine()

    house.run(main)


def test_a_later_process_knows_what_happened(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("done", 17.0)
        await house.journal.commit("done", BOOKED)
        await house.journal.begin("begun", 17.0)
        later = house.open_journal()
        assert await later.begin("done", 17.0) == Committed(BOOKED)
        assert await later.begin("begun", 17.0) == Busy(17.0)
        house.now += 17.0
        assert await later.begin("begun", 17.0) == Unknown()
        assert await later.begin("begun", 17.0) == Unknown()

    house.run(main)


def test_two_processes_never_both_get_an_entry(house: House) -> None:
    async def main() -> None:
        journals = [house.open_journal() for _ in range(4)]
        for n in range(20):
            known = await asyncio.gather(*(j.begin(str(n), 17.0) for j in journals))
            assert sorted(type(k).__name__ for k in known) == ["Busy"] * 3 + ["Mine"]

    house.run(main)


def test_a_process_killed_in_the_middle_leaves_its_entry(house: House) -> None:
    """The entry is on the disk before the function begins."""
    program = (
        "import asyncio, os, sys, pathlib\n"
        "from agent.tools.journal_sqlite import SqliteJournal\n"
        "async def main():\n"
        "    await SqliteJournal(pathlib.Path(sys.argv[1]), lambda: 1e6).begin('k', 17.0)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())\n"
    )
    ended = subprocess.run([sys.executable, "-c", program, house.path], check=False)
    assert ended.returncode == -9

    async def main() -> None:
        assert await house.journal.begin("k", 17.0) == Busy(17.0)

    house.run(main)


def test_only_that_it_begins_is_waited_for_until_it_is_on_the_disk(house: House) -> None:
    written: list[str] = []

    async def main() -> None:
        await house.journal.open()
        connection = house.journal._connection
        assert connection is not None
        connection.set_trace_callback(lambda line: written.append(" ".join(line.split()[:4])))
        await house.journal.begin("k", 17.0)
        await house.journal.commit("k", BOOKED)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)

    house.run(main)
    assert [line for line in written if not line.startswith("DELETE")] == [
        "INSERT INTO effects (state,",
        "PRAGMA synchronous = NORMAL",
        "UPDATE effects SET state",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous",
    ]


def test_entries_are_kept_for_a_day_and_then_wiped(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("old", 17.0)
        await house.journal.commit("old", BOOKED)
        house.now += KEEP_S / 2
        await house.journal.begin("new", 17.0)
        await house.journal.commit("new", BOOKED)
        house.now += KEEP_S / 2 + 1
        assert await house.journal.begin("new", 17.0) == Committed(BOOKED)
        assert await house.journal.begin("old", 17.0) == Mine()

    house.run(main)
    left = b"".join(file.read_bytes() for file in house.path.parent.iterdir())
    assert left.count(b"BV-1042") == 1


def test_the_file_is_for_its_owner_alone(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("k", 17.0)
        for file in house.path.parent.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file

    house.run(main)


def test_opening_says_what_is_wrong(house: House) -> None:
    house.path.parent.mkdir()
    house.path.write_bytes(b"no database at all" * 100)

    async def main() -> None:
        with pytest.raises(ConfigError, match=r"tool_journal\.sqlite3: the journal cannot be used"):
            await house.journal.open()

    house.run(main)


def test_a_file_of_a_later_version_is_left_alone(house: House) -> None:
    house.path.parent.mkdir()
    with sqlite3.connect(house.path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()

    async def main() -> None:
        with pytest.raises(ConfigError, match=r"written by a later version \(2\)"):
            await house.journal.open()

    house.run(main)


def locked(path: Path) -> sqlite3.Connection:
    """Another process has just made the file."""
    path.parent.mkdir()
    connection = sqlite3.connect(path, autocommit=True, check_same_thread=False)
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def test_a_file_that_another_process_is_making_is_waited_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = locked(house.path)
    monkeypatch.setattr("time.sleep", lambda _: other.close())

    async def main() -> None:
        assert await house.journal.begin("k", 17.0) == Mine()
        assert house.journal.failures == 0

    house.run(main)


def test_a_file_that_stays_locked_is_not_waited_for_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = locked(house.path)
    naps: list[float] = []
    monkeypatch.setattr("time.sleep", naps.append)

    async def main() -> None:
        with pytest.raises(ConfigError, match="locked"):
            await house.journal.open()

    house.run(main)
    other.close()
    assert len(naps) == SWITCH_TRIES - 1


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    house = House(tmp_path)

    async def main() -> None:
        with pytest.raises(ConfigError, match="cannot be used"):
            await house.journal.open()

    house.run(main)


def test_opening_twice_is_opening(house: House) -> None:
    async def main() -> None:
        await house.journal.open()
        await house.journal.open()
        assert await house.journal.begin("k", 17.0) == Mine()

    house.run(main)


def test_a_broken_file_costs_what_a_crash_would_and_no_more(house: House) -> None:
    house.path.parent.mkdir()
    house.path.write_bytes(b"no database at all" * 100)

    async def main() -> None:
        journal = house.journal
        with structlog.testing.capture_logs() as lines:
            assert await journal.begin("k", 17.0) == Mine()
            assert isinstance(await journal.begin("k", 17.0), Busy)
            await journal.commit("k", BOOKED)
            assert await journal.begin("k", 17.0) == Committed(BOOKED)
            await journal.begin("other", 17.0)
            await journal.abandon("other")
            assert await journal.begin("other", 17.0) == Mine()
        assert {line["event"] for line in lines} == {"journal.failed"}
        assert journal.failures == len(lines) == 3

    house.run(main)


def test_a_result_that_cannot_be_written_is_remembered(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("k", 17.0)
        await house.journal.begin("other", 17.0)
        other = sqlite3.connect(house.path, autocommit=True)
        other.execute("DROP TABLE effects")
        other.close()
        with structlog.testing.capture_logs():
            await house.journal.commit("k", BOOKED)
            await house.journal.abandon("other")
            assert await house.journal.begin("k", 17.0) == Committed(BOOKED)
            assert await house.journal.begin("other", 17.0) == Mine()

    house.run(main)


def test_an_entry_that_vanishes_while_it_is_looked_at_is_asked_for_again(house: House) -> None:
    async def main() -> None:
        await house.journal.begin("k", 17.0)
        connection = house.journal._connection
        assert connection is not None
        # As if another process abandoned it between the two statements.
        connection.execute(
            "CREATE TEMP TRIGGER vanish BEFORE INSERT ON main.effects "
            "BEGIN SELECT raise(IGNORE); END"
        )
        connection.execute("DELETE FROM effects")
        assert await house.journal.begin("k", 17.0) == Busy(0.0)

    house.run(main)


def test_closing_what_was_never_opened_is_nothing(house: House) -> None:
    async def main() -> None:
        pass

    house.run(main)
    assert not house.path.exists()


def test_settings_choose_the_journal(tmp_path: Path) -> None:
    journal = make_journal("sqlite", tmp_path)
    assert isinstance(journal, SqliteJournal)
    assert journal._path == tmp_path / "tool_journal.sqlite3"
    asyncio.run(journal.close())
    assert isinstance(make_journal("memory", tmp_path), MemoryJournal)

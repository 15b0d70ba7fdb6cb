"""What calls have cost outlives the process."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.spending_file import FILE_NAME, KEEP_DAYS, SpendingFile, SpentCall

TODAY = "2026-11-21"


def run(folder: Path, main: Callable[[SpendingFile], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        file = SpendingFile(folder / "data" / FILE_NAME)
        try:
            await main(file)
        finally:
            await file.close()

    asyncio.run(all_of_it())


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    async def first(file: SpendingFile) -> None:
        await file.open()
        assert await file.exchange([], TODAY) == {}
        await file.exchange(
            [
                SpentCall("MZ1", "bella", TODAY, 250_000),
                SpentCall("MZ2", "bella", TODAY, 500_000),
                SpentCall("MZ3", "shop", TODAY, 1),
            ],
            TODAY,
        )

    async def second(file: SpendingFile) -> None:
        assert await file.exchange([SpentCall("MZ1", "bella", TODAY, 300_000)], TODAY) == {
            ("bella", TODAY): 800_000,  # the same call again is not added, it has cost more
            ("shop", TODAY): 1,
        }

    run(tmp_path, first)
    run(tmp_path, second)
    assert (tmp_path / "data" / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_two_processes_see_each_other_s_calls(tmp_path: Path) -> None:
    async def main(file: SpendingFile) -> None:
        other = SpendingFile(tmp_path / "data" / FILE_NAME)
        await file.exchange([SpentCall("MZ1", "bella", TODAY, 2)], TODAY)
        assert await other.exchange([SpentCall("MZ2", "bella", TODAY, 3)], TODAY) == {
            ("bella", TODAY): 5
        }
        await other.close()

    run(tmp_path, main)


def test_days_long_past_are_forgotten_and_not_asked_for(tmp_path: Path) -> None:
    async def main(file: SpendingFile) -> None:
        old = [SpentCall("MZ1", "b", "2026-10-11", 5), SpentCall("MZ2", "b", "2026-10-12", 6)]
        assert await file.exchange(old, "2026-11-20") == {}
        assert await file.exchange([], "2026-01-01") == {
            ("b", "2026-10-11"): 5,
            ("b", "2026-10-12"): 6,
        }
        await file.exchange([SpentCall("MZ3", "b", TODAY, 7)], TODAY)
        assert KEEP_DAYS == 40
        assert await file.exchange([], "2026-01-01") == {("b", "2026-10-12"): 6, ("b", TODAY): 7}

    run(tmp_path, main)


def test_a_file_that_is_none_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE_NAME).write_text("this is no database, but long enough to be one" * 9)

    async def main(file: SpendingFile) -> None:
        with pytest.raises(ConfigError, match="what calls cost cannot be kept"):
            await file.open()

    run(tmp_path, main)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    connection = sqlite3.connect(tmp_path / "data" / FILE_NAME)
    connection.execute("PRAGMA user_version = 9")
    connection.close()

    async def main(file: SpendingFile) -> None:
        with pytest.raises(ConfigError, match=r"a later version \(9\)"):
            await file.open()

    run(tmp_path, main)


def test_a_write_that_fails_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    async def main(file: SpendingFile) -> None:
        await file.exchange([SpentCall("MZ1", "b", TODAY, 5)], TODAY)
        broken = SpentCall("MZ2", "b", None, 5)  # type: ignore[arg-type]
        with pytest.raises(sqlite3.IntegrityError):
            await file.exchange([SpentCall("MZ1", "b", TODAY, 9), broken], TODAY)
        assert await file.exchange([], TODAY) == {("b", TODAY): 5}

    run(tmp_path, main)

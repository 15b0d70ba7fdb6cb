"""What a business function did is kept, whatever becomes of the call that asked for it."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.service.settings import load_settings
from agent.tools.journal_sqlite import FILE_NAME
from tests.service.house import house
from tests.service.model_side import ModelSide, fake_model, tool_call
from tests.service.phone_side import phone_side
from tests.support.patient_loop import run_on_loopback


def entries(folder: Path) -> list[tuple[str, str | None]]:
    with sqlite3.connect(folder / FILE_NAME) as db:
        found = db.execute("SELECT state, response FROM effects").fetchall()
    db.close()
    return found


async def books(side: ModelSide) -> None:
    await side.set_up()
    await side.send(tool_call("book"))
    await asyncio.sleep(60)


def test_a_function_that_has_begun_is_finished_after_the_caller_has_hung_up(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with (
            fake_model(books) as model,
            house(tmp_path, model.url, journal="sqlite") as home,
            phone_side(home.local, media_every_s=0.02) as phone,
        ):
            await phone.open()
            await asyncio.sleep(0.5)
            await phone.ws.close()
            await home.quiet(within_s=0.4)
            assert entries(tmp_path) == [("executing", None)]
        assert entries(tmp_path) == [("committed", '{"output":"booked"}')]

    run_on_loopback(main())


def test_a_service_does_not_start_with_a_journal_it_cannot_use(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)

    async def main() -> None:
        with pytest.raises(ConfigError, match="journal cannot be used"):
            async with house(tmp_path, "ws://127.0.0.1:1", journal="sqlite"):
                pass

    run_on_loopback(main())


def test_the_journal_is_a_file_unless_the_operator_wants_none(tmp_path: Path) -> None:
    file = tmp_path / "service.yaml"
    file.write_text("journal: memory\n")
    assert load_settings(file, {}).journal == "memory"
    file.write_text("calls: 3\n")
    assert load_settings(file, {}).journal == "sqlite"

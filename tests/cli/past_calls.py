"""The `seamline` command in a folder with past calls, and the tables that it exports."""

import asyncio
import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from agent.store.store import Store
from tests.cli.command import Command
from tests.store.records import FULL, NOON, record, said


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("SEAMLINE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("SEAMLINE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    return Command(monkeypatch, capsys)


@pytest.fixture
def kept(run: Command, tmp_path: Path) -> Path:
    """A data folder with three calls; the newest is called FULL's id."""
    data = tmp_path / "data"

    async def fill() -> None:
        store = Store(f"sqlite:///{data}/calls.sqlite3")
        await store.save(FULL)
        hour = timedelta(hours=1)
        await store.save(said("CA2", "[bold]hello[/]", began_at=NOON - hour, outcome="idle"))
        await store.save(record("CA3", began_at=NOON - 2 * hour))
        await store.close()

    asyncio.run(fill())
    return data


def table(lines: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("\n".join(lines))))

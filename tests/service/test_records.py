"""The store beside a service: calls are found there when they are over, whatever becomes of it."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.observe.record_schema import CallRecord
from agent.service.spool import Spool
from agent.store.store import Store
from agent.store.wanted import CallSummary
from tests.service.house import CALLER, House, house
from tests.service.model_side import fake_model, polite
from tests.service.phone_side import phone_side
from tests.store.records import record
from tests.support.leaks import nothing_left, until

pytestmark = pytest.mark.socket

type Work = Callable[[House], Awaitable[None]]


def address(folder: Path) -> str:
    return f"sqlite:///{folder}/calls.sqlite3"


def serve_once(folder: Path, work: Work, **changes: str | None) -> None:
    """Serve, and stop."""

    async def main() -> None:
        settings: dict[str, Any] = {"store": address(folder), **changes}
        async with (
            nothing_left(),
            fake_model(polite) as model,
            house(folder, model.url, **settings) as home,
        ):
            await work(home)

    asyncio.run(main())


async def one_call(home: House) -> None:
    async with phone_side(home.local, media_every_s=0.02) as phone:
        await phone.open(**{"from": CALLER})
        await phone.until("media")
        await phone.hang_up()
    await home.quiet(5)


def calls_in(folder: Path) -> list[CallSummary]:
    async def main() -> list[CallSummary]:
        store = Store(address(folder))
        try:
            return await store.calls()
        finally:
            await store.close()

    return asyncio.run(main())


def record_in(folder: Path, call_id: str) -> CallRecord:
    async def main() -> CallRecord:
        store = Store(address(folder))
        try:
            found = await store.call(call_id)
            assert found is not None
            return found
        finally:
            await store.close()

    return asyncio.run(main())


def test_a_call_that_is_over_is_found_in_the_store(tmp_path: Path) -> None:
    async def work(home: House) -> None:
        await one_call(home)
        assert home.ended()["generation"] == 1

    serve_once(tmp_path, work)
    [call] = calls_in(tmp_path)
    assert (call.tenant, call.outcome, call.caller) == ("shop", "caller_hung_up", CALLER)
    assert (tmp_path / "calls.sqlite3").stat().st_mode & 0o777 == 0o600
    assert Spool(tmp_path / "spool").files() == []


def test_without_a_store_nothing_is_kept(tmp_path: Path) -> None:
    serve_once(tmp_path, one_call, store=None)
    assert not (tmp_path / "calls.sqlite3").exists()
    assert not (tmp_path / "spool").exists()


def test_calls_go_on_while_the_store_is_locked_and_are_found_when_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.engine.WAIT_FOR_LOCK_S", 0.05)

    async def work(home: House) -> None:
        blocker = sqlite3.connect(tmp_path / "calls.sqlite3", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        await one_call(home)
        assert await until(lambda: bool(home.lines("store.failed")))
        blocker.close()

    serve_once(tmp_path, work)
    serve_once(tmp_path, bring)
    assert [call.outcome for call in calls_in(tmp_path)] == ["caller_hung_up"]


def test_what_the_carrier_tells_late_is_found_though_the_store_failed_until_the_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.store.engine.WAIT_FOR_LOCK_S", 0.05)

    async def work(home: House) -> None:
        await one_call(home)
        blocker.execute("BEGIN IMMEDIATE")
        home.service.facts.call_over(home.ended()["call_id"], "completed", "71", "")
        spool = Spool(home.service.settings.data / "spool")
        assert await until(lambda: any(path.suffix == ".news" for path in spool.files()))

    with closing(sqlite3.connect(tmp_path / "calls.sqlite3", isolation_level=None)) as blocker:
        serve_once(tmp_path, work)
    serve_once(tmp_path, bring)
    told = record_in(tmp_path, calls_in(tmp_path)[0].call_id).carrier
    assert (told.status, told.duration_s) == ("completed", 71)


async def bring(home: House) -> None:
    """What an earlier process left behind is brought to the store at once."""
    spool = Spool(home.service.settings.data / "spool")
    assert await until(lambda: not spool.files())


def test_a_store_that_is_not_there_keeps_nobody_from_calling(tmp_path: Path) -> None:
    async def work(home: House) -> None:
        await one_call(home)
        assert home.ended()["outcome"] == "caller_hung_up"
        [line] = home.lines("store.failed")
        assert "secret" not in str(line)

    serve_once(tmp_path, work, store="postgresql://seamline:secret@127.0.0.1:1/none")
    assert len(Spool(tmp_path / "spool").files()) == 1


def test_a_store_of_a_later_version_keeps_the_service_from_starting(tmp_path: Path) -> None:
    serve_once(tmp_path, one_call)
    file = sqlite3.connect(tmp_path / "calls.sqlite3")
    file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.commit()
    file.close()
    with pytest.raises(ConfigError, match="a later version of seamline has been here"):
        serve_once(tmp_path, one_call)


def test_records_are_deleted_when_their_tenant_no_longer_keeps_them(tmp_path: Path) -> None:
    async def fill() -> None:
        store = Store(address(tmp_path))
        for tenant in ("shop", "bakery"):
            for days in (1, 3):
                at = datetime.now(UTC) - timedelta(days=days)
                await store.save(record(f"{tenant}-{days}", began_at=at, tenant=tenant))
        await store.close()

    async def work(home: House) -> None:
        assert await until(lambda: bool(home.lines("records.deleted")))

    asyncio.run(fill())
    text = "tenant: bakery\nnumbers: [+15550100102]\nagent: {instructions: x}\n"
    (tmp_path / "bakery.yaml").write_text(f"{text}record: {{keep_records: 2d}}\n")
    serve_once(tmp_path, work)
    assert [call.call_id for call in calls_in(tmp_path)] == ["bakery-1", "shop-1", "shop-3"]

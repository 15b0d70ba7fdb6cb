"""What is wrong, as the console is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from agent.errors import StoreError
from agent.observe.carrier_news import CarrierNews
from agent.observe.record_schema import CallRecord
from agent.service.console_alarms import alarms_of
from agent.service.keeping import RecordKeeper
from agent.service.spool import Spool
from tests.service.console_house import Desk, at_the_desk
from tests.service.house import house
from tests.service.model_side import fake_model, polite

pytestmark = pytest.mark.socket


class NoStore:
    """A store that cannot be reached."""

    async def open(self) -> None:
        raise StoreError("nobody there")

    async def save(self, record: CallRecord) -> None:
        raise StoreError("nobody there")

    async def tell(self, news: CarrierNews, at: object) -> None:
        raise StoreError("nobody there")


async def told(desk: Desk) -> list[str]:
    response = await desk.ask("GET", "/api/alarms")
    assert response.status == 200
    found: list[str] = (await response.json())["alarms"]
    return found


def test_when_all_is_well_nothing_is_said(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert await told(desk) == []

    at_the_desk(tmp_path, test)


def test_a_store_that_does_not_work_is_told_with_what_waits(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        keeper = RecordKeeper(NoStore(), Spool(tmp_path / "spool"))
        assert list(alarms_of(desk.service, [keeper])) == []
        await keeper.open()
        keeper.spooled = 7
        [alarm] = alarms_of(desk.service, [keeper])
        assert "The store does not work" in alarm
        assert "7 wait in the spool, 0 in memory" in alarm

    at_the_desk(tmp_path, test)


def test_records_that_are_lost_or_do_not_fit_are_told(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        keeper = RecordKeeper(NoStore(), Spool(tmp_path / "spool"))
        keeper.counters.update(records_lost=2, news_lost=4, records_refused=3, news_refused=5)
        assert list(alarms_of(desk.service, [keeper])) == [
            "Records that are lost since the start: 2. The log has their calls.",
            "News of the carrier that are lost since the start: 4. The log has their calls.",
            "Records and news that the store refused since the start: 8. See spool/refused.",
        ]

    at_the_desk(tmp_path, test)


def test_refused_tenants_and_a_service_that_stops_are_told(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        (tmp_path / "shop.yaml").write_text("tenant: shop\nnumbers: [5]\n")
        assert not await desk.service.tenant_store.reload()
        [alarm] = await told(desk)
        assert "Changed files of tenants were refused" in alarm
        desk.service.draining = True
        assert "being stopped" in (await told(desk))[0]

    at_the_desk(tmp_path, test)


def test_who_is_not_signed_in_learns_nothing(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask("GET", "/api/alarms")).status == 401

    at_the_desk(tmp_path, test, api_token="a-token-of-some-length")


def test_a_service_whose_store_cannot_be_had_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = f"sqlite:///{tmp_path}/file/calls.sqlite3"

    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(tmp_path, model.url, store=store) as home,
            aiohttp.ClientSession() as session,
            session.get(f"{home.origin}/api/alarms") as response,
        ):
            [alarm] = (await response.json())["alarms"]
            assert "The store does not work" in alarm

    asyncio.run(main())

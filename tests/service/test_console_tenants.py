"""Tenants as the console shows them."""

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.service import console_tenants
from agent.service.console_tenants import MOST_NUMBERS, tenants_of
from tests.service.console_house import Desk, at_the_desk
from tests.service.house import NUMBER, SHOP
from tests.service.live_calls import Talk

pytestmark = pytest.mark.socket

NOW = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)  # a Saturday


async def asked(desk: Desk) -> dict[str, Any]:
    response = await desk.ask("GET", "/api/tenants")
    assert response.status == 200
    found: dict[str, Any] = await response.json()
    return found


def test_each_tenant_with_its_numbers_calls_and_tools(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        talk = Talk("CA1")
        desk.service.running["MZ1"] = talk.running
        found = await asked(desk)
        assert (found["generation"], found["refused"], found["draining"]) == (1, [], False)
        office, shop = found["tenants"]
        assert (office["name"], office["recorded"]) == ("office", True)
        assert (shop["name"], shop["numbers"], shop["number_count"]) == ("shop", [NUMBER], 1)
        assert (shop["calls"], shop["most_calls"]) == (1, 2)
        assert "book" in shop["tools"]
        assert (shop["open"], shop["until"]) == (True, None)

    at_the_desk(tmp_path, test)


def test_hours_are_those_of_now(tmp_path: Path) -> None:
    (tmp_path / "cafe.yaml").write_text(
        "tenant: cafe\nnumbers: [+15550100102]\nagent: {instructions: Be kind.}\n"
        "hours: {timezone: Europe/Vienna, open: {mon-fri: 9:00-17:00}, closed: {say: We sleep.}}\n"
    )

    async def test(desk: Desk) -> None:
        cafe = (await tenants_of(desk.service, NOW))["tenants"][0]
        assert (cafe["name"], cafe["timezone"]) == ("cafe", "Europe/Vienna")
        assert (cafe["open"], cafe["until"]) == (False, "2026-11-23T08:00:00+00:00")

    at_the_desk(tmp_path, test)


def test_of_very_many_numbers_some_are_shown(tmp_path: Path) -> None:
    numbers = ", ".join(f"+1555020{n:04}" for n in range(100))
    (tmp_path / "big.yaml").write_text(
        f"tenant: big\nnumbers: [{numbers}]\nagent: {{instructions: Be kind.}}\n"
    )

    async def test(desk: Desk) -> None:
        big = (await asked(desk))["tenants"][0]
        assert (len(big["numbers"]), big["number_count"]) == (MOST_NUMBERS, 100)

    at_the_desk(tmp_path, test)


def test_a_refused_reload_is_told_with_its_reasons(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        (tmp_path / "shop.yaml").write_text("tenant: shop\nnumbers: [5]\n")
        assert not await desk.service.tenant_store.reload()
        found = await asked(desk)
        assert len(found["tenants"]) == 2
        assert any("shop.yaml:2:11" in problem for problem in found["refused"])
        (tmp_path / "shop.yaml").unlink()
        assert await desk.service.tenant_store.reload()
        found = await asked(desk)
        assert (found["generation"], found["refused"], len(found["tenants"])) == (2, [], 1)

    at_the_desk(tmp_path, test)


def test_the_day_s_money_is_shown_beside_its_limit(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        (tmp_path / "shop.yaml").write_text(f"{SHOP}spending: {{per_day: 5 USD}}\n")
        assert await desk.service.tenant_store.reload()
        office, shop = (await asked(desk))["tenants"]
        money = ("spent_usd", "forecast_usd", "per_day_usd")
        assert [office[key] for key in money] == [0, 0, None]
        assert [shop[key] for key in money] == [0, 0, 5]

    at_the_desk(tmp_path, test)


def test_very_many_tenants_are_looked_at_with_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console_tenants, "AT_ONCE", 1)

    async def test(desk: Desk) -> None:
        looking = tenants_of(desk.service, NOW)
        breaks = 0
        with suppress(StopIteration):
            while True:
                looking.send(None)
                breaks += 1
        assert breaks == len(desk.service.tenants.by_name) == 2

    at_the_desk(tmp_path, test)


def test_who_is_not_signed_in_learns_nothing(tmp_path: Path) -> None:
    async def test(desk: Desk) -> None:
        assert (await desk.ask("GET", "/api/tenants")).status == 401

    at_the_desk(tmp_path, test, api_token="a-token-of-some-length")

"""The money of all calls, by tenant and day."""

import asyncio
import io
import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.call.cost import Cost
from agent.call.report import CallReport
from agent.observe.prices import PriceTable, read_prices
from agent.service.running import RunningCall
from agent.service.spending import LOOK_S, Spending
from agent.service.spending_file import FILE_NAME, SpendingFile, SpentCall, Totals
from agent.service.tenant_files import ReadyTenant
from agent.tenants.tenant import Tenant
from tests.service.house import captured_log
from tests.support.patient_loop import run_on_loopback

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    with captured_log() as stream:
        yield stream


def lines(log: io.StringIO, event: str) -> list[dict[str, Any]]:
    return [
        line for text in log.getvalue().splitlines() if (line := json.loads(text))["event"] == event
    ]


def ready(
    zone: str = "UTC", numbers: Sequence[str] = ("+15550100100",), **limits: str
) -> ReadyTenant:
    tenant = Tenant.model_validate(
        {
            "tenant": "bella",
            "numbers": numbers,
            "agent": {"instructions": "x"},
            "hours": {"timezone": zone},
            "spending": limits,
        }
    )
    return cast(ReadyTenant, SimpleNamespace(tenant=tenant))


class Played:
    """A running call that costs what the test says."""

    def __init__(self, owner: ReadyTenant, number: int = 1, began_at: datetime = NOON) -> None:
        self.usd = Decimal(0)
        self.wrapped_up = 0
        self.running = cast(
            RunningCall,
            SimpleNamespace(
                ready=owner,
                stream_id=f"MZ{number}",
                began_at=began_at,
                call=self,
                supervisor=self,
            ),
        )

    def spent(self, now: float) -> Decimal:
        return self.usd

    def wrap_up(self) -> None:
        self.wrapped_up += 1

    @property
    def report(self) -> CallReport:
        return cast(CallReport, SimpleNamespace(cost=Cost(total=self.usd)))


class House:
    """The money of one process; the wall's clock is the test's."""

    def __init__(self, folder: Path, prices: PriceTable | None = None) -> None:
        self.now = NOON
        self.file = SpendingFile(folder / FILE_NAME)
        self.spending = Spending(
            prices or read_prices(None), "developer", self.file, lambda: self.now
        )


def test_what_calls_cost_is_added_up_while_they_run_and_after(tmp_path: Path) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready()
        spending = house.spending
        first, second = Played(owner, 1), Played(owner, 2)
        async with spending.kept():
            spending.began(first.running)
            spending.began(second.running)
            first.usd, second.usd = Decimal("0.50"), Decimal("0.25")
            assert spending.standing(owner.tenant).spent == Decimal("0.75")
            assert spending.tenants == {"bella"}
            await spending.look()
            first.usd = Decimal("0.60")
            assert spending.standing(owner.tenant).spent == Decimal("0.85")
            spending.ended(first.running, first.report)
            await spending.look()
            assert spending.standing(owner.tenant).spent == Decimal("0.85")
            spending.ended(second.running, second.report)

    run_on_loopback(main())


def test_the_day_s_money_survives_a_restart_and_a_crash(tmp_path: Path) -> None:
    async def main() -> None:
        owner = ready(per_day="1 USD")
        house = House(tmp_path)
        call = Played(owner)
        await house.file.open()
        house.spending.began(call.running)
        call.usd = Decimal("1.20")
        await house.spending.look()
        await house.file.close()  # the process is gone; the call was never over
        house = House(tmp_path)
        async with house.spending.kept():
            assert house.spending.standing(owner.tenant).spent == Decimal("1.20")
            assert house.spending.refuses(owner)
            house.now += timedelta(days=1)
            assert not house.spending.refuses(owner)

    run_on_loopback(main())


def test_the_day_is_that_of_the_tenant_s_clock_when_the_call_began(tmp_path: Path) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready("America/New_York", per_day="1 USD")
        house.now = datetime(2026, 11, 22, 4, 50, tzinfo=UTC)  # ten to midnight
        call = Played(owner, began_at=house.now)
        async with house.spending.kept():
            house.spending.began(call.running)
            call.usd = Decimal(2)
            assert house.spending.refuses(owner)
            assert house.spending.standing(owner.tenant).day == "2026-11-21"
            house.now += timedelta(minutes=15)
            assert not house.spending.refuses(owner)
            assert house.spending.standing(owner.tenant).day == "2026-11-22"
            assert house.spending.standing(owner.tenant).spent == 0

    run_on_loopback(main())


def test_a_day_that_is_spent_has_running_calls_say_good_bye(
    tmp_path: Path, log: io.StringIO
) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready(per_day="1 USD", warn_at="50%")
        call = Played(owner)
        async with house.spending.kept():
            house.spending.began(call.running)
            await asyncio.sleep(LOOK_S + 1)
            assert not lines(log, "spending.warned")
            call.usd = Decimal("0.5")
            await asyncio.sleep(2 * LOOK_S)
            said = {"tenant": "bella", "day": "2026-11-21", "limit_usd": "1"}
            [warned] = lines(log, "spending.warned")
            assert {**said, "usd": "0.500000"}.items() <= warned.items()
            call.usd = Decimal("1.0")
            before = call.wrapped_up
            await asyncio.sleep(2 * LOOK_S)
            assert len(lines(log, "spending.reached")) == 1
            # The call itself sees to it that it is asked once.
            assert (before, call.wrapped_up) == (0, 2)
            assert house.spending.refuses(owner)

    run_on_loopback(main())


def test_calls_may_be_let_go_on_when_the_day_is_spent(tmp_path: Path, log: io.StringIO) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready(per_day="1 USD", on_day_limit="refuse")
        call = Played(owner)
        async with house.spending.kept():
            house.spending.began(call.running)
            call.usd = Decimal(3)
            await house.spending.look()
            assert not call.wrapped_up
            assert house.spending.refuses(owner)
        assert lines(log, "spending.reached")

    run_on_loopback(main())


def test_without_a_limit_nobody_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready()
        call = Played(owner)
        async with house.spending.kept():
            house.spending.began(call.running)
            call.usd = Decimal(10_000)
            await house.spending.look()
            assert not house.spending.refuses(owner)
            standing = house.spending.standing(owner.tenant)
            assert (standing.limit, standing.reached) == (None, False)

    run_on_loopback(main())


def test_the_rate_of_the_last_hour_tells_the_end_of_the_day(tmp_path: Path) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready(per_day="100 USD")
        call = Played(owner)
        async with house.spending.kept():
            assert house.spending.standing(owner.tenant).forecast == 0
            house.spending.began(call.running)
            for minute in range(120):
                call.usd = Decimal(minute) / 60  # one dollar an hour
                await house.spending.look()
                house.now += timedelta(minutes=1)
            standing = house.spending.standing(owner.tenant)
            assert standing.spent == pytest.approx(Decimal(2), abs=Decimal("0.02"))
            assert standing.forecast == pytest.approx(Decimal(12), abs=Decimal("0.3"))
            spending = house.spending
            spending.ended(call.running, call.report)
            house.now += timedelta(hours=3)  # nobody has called since
            assert spending.standing(owner.tenant).forecast == standing.spent

    run_on_loopback(main())


def test_a_file_that_fails_is_told_and_limits_hold_in_memory(
    tmp_path: Path, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        house, owner = House(tmp_path), ready(per_day="1 USD")
        exchange = house.file.exchange

        async def fails(calls: Sequence[SpentCall], since: str) -> Totals:
            raise sqlite3.OperationalError("disk I/O error")

        call = Played(owner)
        async with house.spending.kept():
            monkeypatch.setattr(house.file, "exchange", fails)
            house.spending.began(call.running)
            call.usd = Decimal(2)
            spending = house.spending
            spending.ended(call.running, call.report)
            await spending.look()
            assert spending.failures == 1
            assert lines(log, "spending.failed")
            assert spending.refuses(owner)
            monkeypatch.setattr(house.file, "exchange", exchange)
            await spending.look()
            assert spending.refuses(owner)
        house = House(tmp_path)
        async with house.spending.kept():
            assert house.spending.refuses(owner)

    run_on_loopback(main())


@pytest.mark.parametrize(
    ("numbers", "price"),
    [
        (["+15550100100"], "0.0125"),
        (["+1555*"], "0.0125"),
        (["default", "+4930*", "+49301234567"], "0.0200"),
        (["default"], "0.0200"),
    ],
)
def test_an_inbound_minute_costs_what_the_tenant_s_own_number_costs(
    tmp_path: Path, numbers: list[str], price: str
) -> None:
    house, owner = House(tmp_path), ready(numbers=numbers)
    prices = house.spending.prices_of(owner.tenant, "models/gemini-3.8-live", "inbound", "+4930")
    assert prices.carrier.per_minute == Decimal(price)
    outbound = house.spending.prices_of(owner.tenant, "m", "outbound", "+15550100199")
    assert outbound.carrier.per_minute == Decimal("0.0180")


def test_limits_that_rest_on_guessed_prices_are_told_at_the_start(
    tmp_path: Path, log: io.StringIO
) -> None:
    async def main() -> None:
        (tmp_path / "prices.yaml").write_text(
            "models: [{model: gemini-3.8-live, surface: developer, date: 2026-01-01, source: x, "
            "input: {audio: 1}, output: {audio: 1}}]\n"
            "carrier: [{direction: inbound, number: default, date: 2026-01-01, source: x, "
            "per_minute: 1}]\n"
        )
        own = read_prices(tmp_path / "prices.yaml")
        async with House(tmp_path, own).spending.kept([ready(per_day="1")]):
            assert not lines(log, "prices.not_exact")
        async with House(tmp_path).spending.kept([ready()]):
            assert not lines(log, "prices.not_exact")
        async with House(tmp_path).spending.kept([ready(per_call="1")]):
            assert lines(log, "prices.not_exact")[0]["tenants"] == ["bella"]

    run_on_loopback(main())

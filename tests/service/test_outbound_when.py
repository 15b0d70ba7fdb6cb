"""When a call that was asked for is made, and when it is not made at all."""

import asyncio
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from agent.service.outbound import KEEP_S
from agent.service.outbound_order import LONGEST_RING_S, Order, OrderState
from agent.service.outbound_rules import NotCalled
from agent.tenants.parse import parse_tenant
from tests.service.outbound_office import LINE, OTHER, SID, Office, at_work
from tests.support.patient_loop import run_on_loopback


def test_calls_begin_at_the_rate_of_the_file() -> None:
    office = Office(", per_second: 2")

    async def work() -> None:
        for n in range(1, 6):
            await office.ask(n)
        await asyncio.sleep(10)

    times = [at for at, _, _ in at_work(office, work).rest.asked]
    assert len(times) == 5
    gaps = [b - a for a, b in pairwise(times)]
    assert all(0.49 < gap < 0.6 for gap in gaps)


def test_no_more_calls_at_a_time_than_the_file_says() -> None:
    office = Office(", concurrent: 2, per_second: 50")

    async def work() -> None:
        orders = [await office.ask(n) for n in range(1, 4)]
        office.rest.answers = [SID, OTHER, "CA" + "3" * 32]
        await asyncio.sleep(20)
        assert len(office.rest.asked) == 2
        await office.calls.news.ended(orders[0], office.ready, SID, 1, "completed")
        await asyncio.sleep(1)
        assert len(office.rest.asked) == 3

    at_work(office, work)


def test_lines_are_kept_for_calls_that_may_be_answered_any_moment() -> None:
    office = Office()

    def ringing() -> dict[str, int]:
        return dict(office.service.ringing())

    async def work() -> None:
        assert ringing() == {}
        first, second = await office.ask(1), await office.ask(2)
        office.rest.answers = [SID, OTHER]
        await asyncio.sleep(5)
        assert ringing() == {"shop": 2}
        await office.calls.news.answered(first, office.ready, SID, 1, "")
        assert ringing() == {"shop": 1}
        await asyncio.sleep(LONGEST_RING_S - 10)
        assert ringing() == {"shop": 1}
        await asyncio.sleep(10)
        assert second.state is OrderState.PLACED
        assert ringing() == {}

    at_work(office, work)


def test_calls_that_came_in_take_lines_as_well() -> None:
    office = Office("", "limits: {concurrent: 2}")

    async def work() -> None:
        inbound = SimpleNamespace(tenant="shop", direction="inbound")
        elsewhere = SimpleNamespace(tenant="office", direction="inbound")
        office.running.update({"1": inbound, "2": inbound, "3": elsewhere})
        await office.ask()
        await asyncio.sleep(20)
        assert office.rest.asked == []
        del office.running["1"]
        await asyncio.sleep(6)
        assert len(office.rest.asked) == 1

    at_work(office, work)


@pytest.mark.parametrize("reason", ["spent", "service_full", "draining"])
def test_while_no_call_can_be_taken_none_is_made(reason: str) -> None:
    office = Office()

    async def work() -> None:
        office.refusal = reason
        await office.ask()
        await asyncio.sleep(60)
        assert office.rest.asked == []
        office.refusal = None
        await asyncio.sleep(6)
        assert len(office.rest.asked) == 1

    at_work(office, work)


def test_a_retry_waits_for_the_hours() -> None:
    office = Office(", retries: {most: 1, busy: 1h}")
    # EPOCH is on a Wednesday, at 6:06 in New York.
    text = LINE.replace("{mon-sun: '0:00-24:00'}", "{wed: '6:00-7:00, 12:00-13:00'}")
    keys = f"outbound: {{{text}, retries: {{most: 1, busy: 1h}}}}"
    tenant = parse_tenant(
        "tenant: shop\nnumbers: [default]\nagent: {greeting: Hi., instructions: x}\n" + keys,
        "shop.yaml",
    )
    office.ready.tenant = tenant  # type: ignore[misc]

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        office.passed_s = 3600
        await asyncio.sleep(100)
        assert (order.state, order.tries) == (OrderState.WAITING, 1)
        office.passed_s += 5 * 3600
        await asyncio.sleep(100)
        assert order.tries == 2

    at_work(office, work)


def test_a_tenant_that_is_gone_calls_nobody() -> None:
    office = Office()

    async def work() -> None:
        office.refusal = "spent"
        order = await office.ask()
        office.service.tenants.by_name.clear()
        await asyncio.sleep(10)
        assert order.result == "unknown_tenant"

    assert at_work(office, work).rest.asked == []


def test_who_may_not_be_called_is_refused_at_once() -> None:
    office = Office()

    async def work() -> None:
        order = Order("o", "shop", "+4930123456", "Europe/Berlin", "https://x.example", 0.0)
        with pytest.raises(NotCalled) as caught:
            await office.calls.ask(order, office.ready)
        assert caught.value.code == "number_refused"

    assert at_work(office, work).file.orders == {}


def test_a_call_that_could_not_be_made_for_a_day_is_not_made_then() -> None:
    office = Office()

    async def work() -> None:
        office.refusal = "spent"
        order = await office.ask()
        await asyncio.sleep(10)
        office.passed_s = KEEP_S
        office.refusal = None
        await asyncio.sleep(10)
        assert order.result == "too_late"

    assert at_work(office, work).rest.asked == []


def test_a_list_that_is_gone_when_the_call_is_due_calls_nobody(tmp_path: Path) -> None:
    office = Office(", do_not_call: never.txt")
    office.service.settings.tenants = tmp_path
    (tmp_path / "never.txt").write_text("")

    async def main() -> None:
        async with office.calls.opened():
            office.refusal = "spent"
            order = await office.ask()
            (tmp_path / "never.txt").unlink()
            office.refusal = None
            async with asyncio.timeout(30):
                while order.state is OrderState.WAITING:  # noqa: ASYNC110  a file is read meanwhile
                    await asyncio.sleep(0.1)
            assert order.result == "no_list"

    run_on_loopback(main())
    assert office.rest.asked == []


def test_an_account_that_is_gone_calls_nobody() -> None:
    office = Office()

    async def work() -> None:
        office.service.rest = None
        order = await office.ask()
        await asyncio.sleep(1)
        assert order.result == "no_account"
        await office.calls.news._hang_up(SID)

    at_work(office, work)

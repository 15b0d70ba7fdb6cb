"""Orders in memory and on the disk: known by their keys, kept through a restart, and bounded."""

import asyncio

import pytest

from agent.service.outbound import KEEP_S
from agent.service.outbound_book import MOST_ORDERS
from agent.service.outbound_order import OrderState
from agent.service.outbound_rules import NotCalled
from tests.service.outbound_office import SID, Office, at_work


def test_one_key_is_one_call() -> None:
    office = Office()

    async def work() -> None:
        first = await office.ask(1, "k")
        assert office.calls.known("shop", "k") is first
        assert await office.ask(2, "k") is first
        assert office.calls.known("office", "k") is None
        assert office.calls.known("shop", "") is None
        await asyncio.sleep(5)

    assert len(at_work(office, work).rest.asked) == 1


def test_a_key_is_known_after_a_restart_and_for_a_day() -> None:
    office = Office()

    async def first() -> None:
        order = await office.ask(1, "k")
        await asyncio.sleep(1)
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")

    async def second() -> None:
        assert office.calls.known("shop", "k") is not None
        office.passed_s = KEEP_S - 100
        await asyncio.sleep(70)
        assert office.calls.known("shop", "k") is not None
        await asyncio.sleep(100)
        assert office.calls.known("shop", "k") is None
        assert office.calls.of("o1") is None

    at_work(office, first)
    office.again()
    at_work(office, second)
    assert office.file.orders == {}
    assert len(office.rest.asked) == 1


def test_after_a_crash_in_the_middle_of_a_request_it_is_not_made_again() -> None:
    office = Office()

    async def crashes() -> None:
        office.rest.answers = [1000.0]
        await office.ask(1, "k")
        await asyncio.sleep(1)

    async def goes_on() -> None:
        order = office.calls.of("o1")
        assert order is not None
        assert order.state is OrderState.UNCLEAR
        await asyncio.sleep(300)
        assert order.result == "unclear"

    at_work(office, crashes)
    office.again()
    at_work(office, goes_on)
    assert len(office.rest.asked) == 1


def test_what_waited_at_a_restart_is_made_after_it() -> None:
    office = Office()

    async def waits() -> None:
        office.refusal = "spent"
        await office.ask()

    async def goes_on() -> None:
        office.refusal = None
        await asyncio.sleep(1)

    at_work(office, waits)
    office.again()
    at_work(office, goes_on)
    assert len(office.rest.asked) == 1


def test_a_disk_that_cannot_be_written_makes_no_call() -> None:
    office = Office()

    async def work() -> None:
        office.file.broken = True
        with pytest.raises(NotCalled, match="cannot be written"):
            await office.ask()
        assert office.calls.of("o1") is None
        office.file.broken, office.refusal = False, "spent"
        order = await office.ask(2)
        office.file.broken, office.refusal = True, None
        await asyncio.sleep(20)
        assert office.rest.asked == []
        office.file.broken = False
        await asyncio.sleep(60)
        assert order.state is OrderState.PLACED

    at_work(office, work)


def test_memory_is_bounded() -> None:
    office = Office()

    async def work() -> None:
        office.refusal = "spent"
        first = await office.ask()
        office.calls._book._orders.update({str(n): first for n in range(MOST_ORDERS)})
        with pytest.raises(NotCalled) as caught:
            await office.ask(2)
        assert (caught.value.status, caught.value.code) == (429, "too_many")

    at_work(office, work)


def test_what_another_process_has_is_made_here_when_it_is_gone() -> None:
    office = Office()

    async def waits() -> None:
        office.refusal = "spent"
        await office.ask()

    async def goes_on() -> None:
        office.refusal = None
        with pytest.raises(NotCalled) as caught:
            await office.ask(2)
        assert (caught.value.status, caught.value.code) == (503, "held_elsewhere")
        await asyncio.sleep(60)
        assert office.rest.asked == []
        office.file.held_elsewhere = False
        await asyncio.sleep(10)
        assert len(office.rest.asked) == 1

    at_work(office, waits)
    office.file.held_elsewhere = True
    office.again()
    at_work(office, goes_on)


def test_an_order_in_the_queue_twice_is_made_once() -> None:
    office = Office(", per_second: 50")

    async def work() -> None:
        order = await office.ask()
        office.calls._book.queue(order)
        await asyncio.sleep(5)

    assert len(at_work(office, work).rest.asked) == 1


def test_what_cannot_be_forgotten_on_the_disk_is_forgotten_in_memory() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        office.file.broken = True
        office.passed_s = KEEP_S
        await asyncio.sleep(100)
        assert office.calls.of("o1") is None
        assert office.calls._book.failures == 1

    at_work(office, work)

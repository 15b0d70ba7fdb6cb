"""Calls that agents make: each is asked for once, in its time, within its tenant's limits."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.call.effects import Outcome
from agent.service.outbound import KEEP_S, OutboundCalls
from agent.service.outbound_book import MOST_ORDERS
from agent.service.outbound_file import HeldElsewhere, OutboundFile
from agent.service.outbound_order import HELD_BACK_S, UNCLEAR_S, Order, OrderState
from agent.service.outbound_rules import NotCalled
from agent.service.running import Placed
from agent.service.service import Service
from agent.service.tenant_files import ReadyTenant
from agent.service.twilio_http import CarrierError
from agent.tenants.parse import parse_tenant
from tests.support.patient_loop import run_on_loopback
from tests.support.virtual_loop import run_virtually

SID, OTHER = "CA" + "1" * 32, "CA" + "2" * 32
EPOCH = 1_795_000_000.0
LINE = "number: +15550100100, to: +1555, hours: {mon-sun: '0:00-24:00'}"
REFUSED = CarrierError("no", status=400, code=21211, unclear=False)
UNCLEAR = CarrierError("no answer", status=502, unclear=True)
BUSY = CarrierError("busy", status=429, code=20429, unclear=False)
UNREACHED = CarrierError("nobody there", unclear=False)


class Rest:
    """Notes what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str, dict[str, Any]]] = []
        self.answers: list[str | Exception | float] = []
        self.hung_up: list[str] = []
        self.fails = False

    async def create_call(self, to: str, from_: str, **fields: Any) -> SimpleNamespace:
        self.asked.append((asyncio.get_running_loop().time(), to, fields))
        answer = self.answers.pop(0) if self.answers else SID
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            answer = SID
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(sid=answer)

    async def hang_up(self, sid: str) -> None:
        self.hung_up.append(sid)
        if self.fails:
            raise UNCLEAR


class File:
    """What would be on the disk."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.broken = self.held_elsewhere = False

    async def open(self) -> list[Order]:
        if self.held_elsewhere:
            raise HeldElsewhere("by another process")
        return [replace(order) for order in self.orders.values()]

    async def save(self, order: Order) -> None:
        if self.broken:
            raise sqlite3.OperationalError("disk is full")
        self.orders[order.id] = replace(order)

    async def forget(self, ids: list[str]) -> None:
        if self.broken:
            raise sqlite3.OperationalError("disk is full")
        for id in ids:
            del self.orders[id]

    async def close(self) -> None:
        pass


class Supervisor:
    def __init__(self) -> None:
        self.told: list[str] = []

    def leave_message(self, text: str) -> None:
        self.told.append(text)

    def finish(self, outcome: str) -> None:
        self.told.append(outcome)


class Office:
    """A service with one tenant, and its orders."""

    def __init__(self, keys: str = "", more: str = "") -> None:
        text = (
            "tenant: shop\nnumbers: [default]\nagent: {greeting: Hello., instructions: x}\n"
            f"outbound: {{{LINE}{keys}}}\n{more}"
        )
        tenant = parse_tenant(text, "shop.yaml")
        self.ready = cast(ReadyTenant, SimpleNamespace(tenant=tenant))
        self.rest, self.file = Rest(), File()
        self.refusal: str | None = None
        self.announced: list[Any] = []
        self.running: dict[str, Any] = {}
        self.service = SimpleNamespace(
            rest=self.rest,
            placed={},
            counters=Counter(),
            settings=SimpleNamespace(tenants=Path("/nowhere")),
            tenants=SimpleNamespace(by_name={"shop": self.ready}),
            refusal=lambda ready: self.refusal,
            call_of=self.running.get,
            running=self.running,
            announced=self._announce,
        )
        self.again()

    def again(self) -> None:
        """Another process, with the same disk."""
        file = cast(OutboundFile, self.file)
        self.calls = OutboundCalls(cast(Service, self.service), file, self.clock)

    def clock(self) -> float:
        return EPOCH + asyncio.get_running_loop().time()

    async def _announce(self, ready: object, call_id: str, number: str, about: object) -> None:
        self.announced.append((call_id, number, about))

    async def ask(self, n: int = 1, key: str = "") -> Order:
        order = Order(
            f"o{n}", "shop", f"+1555010{n:04}", "America/New_York", "https://x.example",
            self.clock(), {"name": "Ada"}, key,
        )  # fmt: skip
        return await self.calls.ask(order, self.ready)

    def runs(self, call_id: str = SID) -> Supervisor:
        supervisor = Supervisor()
        self.running[call_id] = SimpleNamespace(
            supervisor=supervisor, tenant="shop", direction="outbound"
        )
        return supervisor


def at_work(office: Office, work: Callable[[], Awaitable[None]]) -> Office:
    async def main() -> None:
        async with office.calls.opened():
            await work()

    run_virtually(main())
    return office


def test_the_carrier_is_asked_once_with_all_it_needs() -> None:
    office = Office(", ring: 25s, message: Call us.", "limits: {call: 5m}")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert (order.state, order.call_sid) == (OrderState.PLACED, SID)
        assert office.file.orders["o1"] == order

    at_work(office, work)
    [(_, to, fields)] = office.rest.asked
    assert to == "+15550100001"
    assert fields == {
        "url": "https://x.example/twilio/outbound?order=o1&try=1",
        "time_limit_s": 360,
        "Method": "POST",
        "StatusCallback": "https://x.example/twilio/outbound-status?order=o1&try=1",
        "StatusCallbackEvent": ("answered", "completed"),
        "Timeout": 25,
        "MachineDetection": "DetectMessageEnd",
        "AsyncAmd": True,
        "AsyncAmdStatusCallback": "https://x.example/twilio/amd?order=o1&try=1",
    }


@pytest.mark.parametrize(
    ("detect", "fields"), [("sync", {"MachineDetection": "Enable"}), ("off", {})]
)
def test_machines_are_detected_as_the_file_says(detect: str, fields: dict[str, str]) -> None:
    office = Office(f", detect: {detect}")

    async def work() -> None:
        await office.ask()
        await asyncio.sleep(1)

    [(_, _, asked)] = at_work(office, work).rest.asked
    found = {key: value for key, value in asked.items() if "Amd" in key or "Machine" in key}
    assert found == fields


def test_a_call_that_was_transferred_may_last_as_long_as_that_may() -> None:
    more = "tools: [{builtin: transfer}]\ntransfers: {desk: {to: +15550100198}}\n"
    office = Office("", more + "limits: {call: 5m, transferred: 10m}")

    async def work() -> None:
        await office.ask()
        await asyncio.sleep(1)

    [(_, _, asked)] = at_work(office, work).rest.asked
    assert asked["time_limit_s"] == 300 + 600 + 60


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
        await asyncio.sleep(KEEP_S + 100)
        assert office.calls.known("shop", "k") is None
        assert office.calls.of("o1") is None

    at_work(office, first)
    office.again()
    at_work(office, second)
    assert office.file.orders == {}
    assert len(office.rest.asked) == 1


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


def test_an_error_of_ours_ends_one_order_and_no_other() -> None:
    office = Office(", per_second: 50")

    async def work() -> None:
        office.rest.answers = [ZeroDivisionError("a bug")]
        first, second = await office.ask(1), await office.ask(2)
        await asyncio.sleep(2)
        assert (first.state, second.state) == (OrderState.UNCLEAR, OrderState.PLACED)

    assert len(at_work(office, work).rest.asked) == 2


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


def test_a_refusal_of_the_carrier_is_the_end() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [REFUSED]
        order = await office.ask()
        await asyncio.sleep(300)
        assert (order.state, order.result) == (OrderState.DONE, "refused_by_carrier")
        assert order.carrier_code == 21211

    assert len(at_work(office, work).rest.asked) == 1


def test_an_answer_that_says_nothing_is_never_followed_by_a_second_request() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [UNCLEAR]
        order = await office.ask()
        await asyncio.sleep(1)
        assert order.state is OrderState.UNCLEAR
        await asyncio.sleep(30 + UNCLEAR_S + 10)
        assert (order.state, order.result) == (OrderState.DONE, "unclear")

    assert len(at_work(office, work).rest.asked) == 1


def test_a_call_that_was_made_after_all_is_talked_on() -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [UNCLEAR]
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        assert order.state is OrderState.ANSWERED
        assert office.service.placed == {SID: Placed(8.0)}
        [(_, number, about)] = office.announced
        assert (number, about.facts, about.line) == (
            "+15550100001",
            {"name": "Ada"},
            "+15550100100",
        )

    at_work(office, work)


@pytest.mark.parametrize("error", [BUSY, UNREACHED])
def test_what_surely_was_not_done_is_done_later(error: Exception) -> None:
    office = Office()

    async def work() -> None:
        office.rest.answers = [error]
        order = await office.ask()
        await asyncio.sleep(HELD_BACK_S - 1)
        assert len(office.rest.asked) == 1
        await asyncio.sleep(3)
        assert (order.state, order.tries) == (OrderState.PLACED, 1)

    assert len(at_work(office, work).rest.asked) == 2


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


def test_a_busy_line_is_called_again() -> None:
    office = Office(", retries: {most: 1, busy: 5m}")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await office.calls.news.ended(order, office.ready, SID, 1, "busy")
        await asyncio.sleep(299)
        assert len(office.rest.asked) == 1
        await asyncio.sleep(3)
        assert len(office.rest.asked) == 2
        assert office.rest.asked[1][2]["url"].endswith("&try=2")
        await office.calls.news.ended(order, office.ready, SID, 2, "busy")
        assert order.result == "busy"

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
        await asyncio.sleep(3700)
        assert (order.state, order.tries) == (OrderState.WAITING, 1)
        await asyncio.sleep(6 * 3600)
        assert order.tries == 2

    at_work(office, work)


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


def test_a_tenant_that_is_gone_calls_nobody() -> None:
    office = Office()

    async def work() -> None:
        office.refusal = "spent"
        order = await office.ask()
        office.service.tenants.by_name.clear()
        await asyncio.sleep(10)
        assert order.result == "unknown_tenant"

    assert at_work(office, work).rest.asked == []


# What the carrier says.


@pytest.mark.parametrize(
    ("who", "joined"),
    [("human", True), ("unknown", True), ("machine_start", False), ("fax", False)],
)
def test_a_machine_that_is_known_at_once_is_hung_up_on(who: str, joined: bool) -> None:
    office = Office(", detect: sync")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, who) is joined
        assert await office.calls.news.answered(order, office.ready, SID, 1, who) is joined

    at_work(office, work)


def test_a_machine_that_is_known_at_once_gets_the_message_alone() -> None:
    office = Office(", detect: sync, message: Call us.")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "machine_end_beep")
        assert office.service.placed == {SID: Placed(8.0, "Call us.")}

    at_work(office, work)


def test_another_call_under_our_order_is_hung_up() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        assert not await office.calls.news.answered(order, office.ready, OTHER, 1, "")
        assert not await office.calls.news.answered(order, office.ready, SID, 2, "")

    at_work(office, work)


def test_a_call_that_cannot_be_taken_any_more_is_hung_up() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        office.refusal = "draining"
        assert not await office.calls.news.answered(order, office.ready, SID, 1, "")

    at_work(office, work)


@pytest.mark.parametrize(
    ("keys", "who", "told"),
    [
        (", message: Call us.", "machine_end_beep", ["Call us."]),
        (", message: Call us.", "human", []),
        ("", "machine_start", [Outcome.MACHINE]),
        ("", "fax", [Outcome.MACHINE]),
        ("", "unknown", []),
        (", answered: {machine: talk}", "machine_start", []),
    ],
)
def test_what_is_found_out_later_changes_the_call(keys: str, who: str, told: list[str]) -> None:
    office = Office(keys)

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        supervisor = office.runs()
        await office.calls.news.detected(order, office.ready, SID, 1, who)
        await office.calls.news.detected(order, office.ready, SID, 1, "machine_end_beep")
        assert supervisor.told == told

    at_work(office, work)


def test_what_is_found_out_before_the_stream_begins_is_not_lost() -> None:
    office = Office(", message: Call us.")

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        assert await office.calls.news.answered(order, office.ready, SID, 1, "")
        await office.calls.news.detected(order, office.ready, SID, 1, "machine_end_other")
        assert office.service.placed == {SID: Placed(8.0, "Call us.")}
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert (office.service.placed, order.result) == ({}, "machine")

    at_work(office, work)


@pytest.mark.parametrize("fails", [False, True])
def test_a_machine_on_a_call_without_a_stream_is_hung_up_at_the_carrier(fails: bool) -> None:
    office = Office()
    office.rest.fails = fails

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        await office.calls.news.detected(order, office.ready, SID, 1, "fax")

    assert at_work(office, work).rest.hung_up == [SID]


def test_the_end_of_a_call_ends_what_is_left_of_it() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        supervisor = office.runs()
        await office.calls.news.ended(order, office.ready, SID, 1, "ringing")
        assert supervisor.told == []
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert supervisor.told == [Outcome.CALLER_HUNG_UP]
        await office.calls.news.ended(order, office.ready, SID, 1, "failed")
        assert order.result == "completed"

    at_work(office, work)


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
        await asyncio.sleep(KEEP_S + 10)
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
        await asyncio.sleep(KEEP_S + 100)
        assert office.calls.of("o1") is None
        assert office.calls._book.failures == 1

    at_work(office, work)


def test_a_tenant_that_calls_nobody_any_more_ends_no_order_by_its_rules() -> None:
    office = Office()

    async def work() -> None:
        order = await office.ask()
        await asyncio.sleep(1)
        silent = office.ready.tenant.model_copy(update={"outbound": None})
        office.ready.tenant = silent  # type: ignore[misc]
        assert not await office.calls.news.answered(order, office.ready, SID, 1, "human")
        await office.calls.news.ended(order, office.ready, SID, 1, "completed")
        assert order.state is OrderState.ANSWERED

    at_work(office, work)

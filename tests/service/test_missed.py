"""Calls that never come to the agent, through the service: their records, figures and lines."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.observe.missed import Missed, MissedCall
from agent.observe.record_schema import CallRecord
from agent.service import missed
from agent.store.store import Store
from tests.service.carrier_desk import Desk
from tests.service.house import CALLER, NUMBER, OFFICE, OTHER_NUMBER, House
from tests.service.outbound_desk import TO, at_desk
from tests.service.outbound_desk import Desk as Office
from tests.service.rest_side import LIVE
from tests.service.stored_house import with_store

pytestmark = pytest.mark.socket

STATUS = "/twilio/status"
OVER = {"CallStatus": "completed", "CallDuration": "5", "SequenceNumber": "3"}


async def records(store: Store, n: int = 1) -> list[CallRecord]:
    """All there are, once there are so many."""
    for _ in range(100):
        found = [record for _, record in await store.records()]
        if len(found) >= n:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("no record")


def test_a_caller_who_hangs_up_before_the_stream_begins_leaves_a_record(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        await carrier.ring()
        await carrier.ring()
        for _ in range(2):
            assert await carrier.tell(STATUS, **OVER) == 204
        [found] = await records(store)
        assert (found.call_id, found.tenant, found.outcome) == (
            carrier.call_id, "shop", "caller_hung_up"
        )  # fmt: skip
        assert (found.direction, found.caller, found.line) == ("inbound", CALLER, NUMBER)
        assert (found.carrier.status, found.carrier.duration_s) == ("completed", 5)
        assert (found.stream_id, found.generation, found.turns) == ("", 1, 0)
        assert found.cost is not None
        assert found.cost.model == 0
        assert found.cost.carrier > 0
        assert home.ended()["outcome"] == "caller_hung_up"

    with_store(tmp_path, test)


def test_what_is_told_of_it_later_is_in_its_record_too(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        await carrier.ring()
        await carrier.tell(STATUS, **OVER)
        await records(store)
        home.service.facts.call_over(carrier.call_id, "completed", "5", "487")
        async with asyncio.timeout(5):
            while (await records(store))[0].carrier.sip_code is None:  # noqa: ASYNC110  another side
                await asyncio.sleep(0.05)

    with_store(tmp_path, test)


def test_a_call_that_came_to_the_agent_leaves_one_record_whatever_is_told(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            [running] = home.service.running.values()
            await phone.hang_up()
        await home.quiet(5)
        home.service.missed.rang(running.ready, carrier.call_id, running.caller)
        home.service.missed.over(carrier.call_id)
        late = MissedCall(carrier.call_id, "shop", "outbound", TO, None, running.began_at)
        home.service.missed.missed(late, running.ready, Missed.UNCLEAR, running.began_at)
        await carrier.tell(STATUS, **OVER)
        await carrier.ring()  # a request that is sent again
        await carrier.tell(STATUS, **OVER)
        [found] = await records(store)
        assert found.stream_id != ""
        assert len(home.lines("call.ended")) == 1

    with_store(tmp_path, test)


def test_a_call_of_a_tenant_that_is_gone_is_kept_without_a_price(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        now = datetime.now(UTC)
        call = MissedCall("CA1", "gone", "outbound", TO, None, now)
        home.service.missed.missed(call, None, Missed.UNCLEAR, now)
        [found] = await records(store)
        assert (found.tenant, found.outcome, found.cost) == ("gone", "unclear", None)

    with_store(tmp_path, test)


def test_a_call_that_nobody_here_knows_leaves_nothing(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        assert await carrier.tell(STATUS, **OVER) == 204
        await carrier.ring(To="+15550188888")  # nobody's number
        carrier.number = 2
        assert await carrier.tell(STATUS, **OVER) == 204
        await asyncio.sleep(0.2)
        assert await store.records() == []

    with_store(tmp_path, test)


def test_a_call_that_comes_while_all_is_closed_is_kept_as_that(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        year = datetime.now(UTC).year
        always = f"holidays: [{year}-01-01..{year}-12-31, {year + 1}-01-01..{year + 1}-12-31]"
        closed = f"hours: {{{always}, closed: {{say: We are closed.}}}}\n"
        (tmp_path / "office.yaml").write_text(OFFICE + closed)
        assert await home.service.tenant_store.reload()
        await carrier.ring(To=OTHER_NUMBER)
        await carrier.tell(STATUS, **OVER)
        [found] = await records(store)
        assert (found.tenant, found.outcome) == ("office", "closed")

    with_store(tmp_path, test)


@pytest.mark.parametrize(("spent", "outcome"), [(True, "spent"), (False, "turned_away")])
def test_a_call_for_which_there_is_no_room_says_so(
    spent: bool, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        reason = "spent" if spent else "tenant_full"
        monkeypatch.setattr(home.service, "refusal", lambda ready: reason)
        await carrier.ring()
        await carrier.tell(STATUS, **OVER)
        [found] = await records(store)
        assert found.outcome == outcome

    with_store(tmp_path, test)


def test_the_oldest_calls_that_rang_are_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "MOST_CALLS", 1)

    async def test(home: House, carrier: Desk, store: Store) -> None:
        for carrier.number in (1, 2):
            await carrier.ring()
        for carrier.number in (1, 2):
            await carrier.tell(STATUS, **OVER)
        [found] = await records(store)
        assert found.call_id == carrier.call_id

    with_store(tmp_path, test)


def test_a_call_of_the_agent_that_nobody_answers_is_found_and_counted(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/calls.sqlite3"

    async def test(office: Office) -> None:
        status, order = await office.ask()
        assert status == 202
        await office.until(order["id"], "placed")
        for code in ("480", "480"):
            await office.carrier_asks(
                office.url("StatusCallback"), CallSid=LIVE["sid"], CallStatus="no-answer",
                CallDuration="0", SipResponseCode=code,
            )  # fmt: skip
        store = Store(address)
        [found] = await records(store)
        await store.close()
        assert (found.call_id, found.direction, found.caller) == (LIVE["sid"], "outbound", TO)
        assert (found.outcome, found.carrier.sip_code) == ("no_answer", 480)
        assert found.cost is not None
        assert found.cost.total == 0
        line = office.home.ended()
        assert (line["outcome"], line["direction"], line["tenant"]) == (
            "no_answer", "outbound", "seller"
        )  # fmt: skip
        assert TO not in office.home.log.getvalue(), "numbers are personal"
        async with office.session.get(f"{office.home.origin}/metrics") as response:
            series = await response.text()
        assert 'seamline_calls_missed_total{outcome="no_answer",tenant="seller"} 1.0' in series
        assert "seamline_calls_total{" not in series

    at_desk(tmp_path, test, run=asyncio.run, store=address)

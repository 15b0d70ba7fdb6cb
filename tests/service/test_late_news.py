"""Callbacks of the carrier and the records of calls, whichever is first: whole calls."""

import asyncio
from pathlib import Path

import pytest

from agent.observe.record_schema import CallRecord
from agent.store.store import Store
from tests.service.carrier_desk import Desk
from tests.service.house import House
from tests.service.stored_house import with_store

pytestmark = pytest.mark.socket

STATUS, STREAM = "/twilio/status", "/twilio/stream-status"
OVER = {"CallStatus": "completed", "CallDuration": "71", "SequenceNumber": "3"}
FAILED = {"StreamEvent": "stream-error", "StreamSid": "MZ1", "StreamError": "31903 broken pipe"}


async def record_of(store: Store, carrier: Desk) -> CallRecord:
    """The call's record, once everything has been written."""
    for _ in range(100):
        found = await store.call(carrier.call_id)
        if found is not None and found.carrier.status is not None:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("no record, or nothing told")


@pytest.mark.parametrize("first", ["the record", "the callbacks"])
def test_the_record_has_what_the_carrier_told_of_the_call(first: str, tmp_path: Path) -> None:
    async def tell(carrier: Desk) -> None:
        for _ in range(2):
            assert await carrier.tell(STREAM, **FAILED) == 204
            assert await carrier.tell(STATUS, **OVER) == 204
        assert await carrier.tell(STATUS, CallStatus="ringing", SequenceNumber="1") == 204

    async def test(home: House, carrier: Desk, store: Store) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            if first == "the callbacks":
                await tell(carrier)
            else:
                await phone.hang_up()
        await home.quiet(5)
        if first == "the record":
            await tell(carrier)
        found = await record_of(store, carrier)
        told = found.carrier
        assert (told.status, told.duration_s, told.sip_code) == ("completed", 71, None)
        assert told.stream_errors == ("31903 broken pipe",)
        assert home.service.counters["status_completed"] == 1

    with_store(tmp_path, test)


def test_a_callback_about_a_call_that_nobody_knows_leaves_nothing(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk, store: Store) -> None:
        assert await carrier.tell(STATUS, **OVER) == 204
        await asyncio.sleep(0.2)
        assert await store.call(carrier.call_id) is None
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            await phone.hang_up()
        found = await record_of(store, carrier)
        assert found.carrier.status == "completed"

    with_store(tmp_path, test)

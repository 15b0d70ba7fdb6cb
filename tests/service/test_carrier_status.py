"""Callbacks of the carrier: late, doubled, out of order, or about calls that nobody knows."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import permutations
from pathlib import Path

import pytest

from agent.service.carrier_status import FINAL, Statuses
from tests.service.carrier_desk import Desk, desk
from tests.service.house import House, house
from tests.service.model_side import fake_model, polite
from tests.support.patient_loop import run_on_loopback

STATUS, STREAM = "/twilio/status", "/twilio/stream-status"
type Test = Callable[[House, Desk], Awaitable[None]]


def with_desk(folder: Path, test: Test) -> None:
    async def main() -> None:
        async with (
            fake_model(polite) as model,
            house(folder, model.url) as home,
            desk(home) as carrier,
        ):
            await test(home, carrier)

    run_on_loopback(main())


def counted(home: House) -> dict[str, int]:
    """What the callbacks have counted."""
    counters = home.service.counters
    return {name: n for name, n in counters.items() if name.startswith(("status", "stream"))}


@pytest.mark.socket
@pytest.mark.parametrize("status", sorted(FINAL))
def test_a_hang_up_ends_a_call_that_is_without_its_phone(status: str, tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        await asyncio.sleep(1)
        assert len(home.service.running) == 1
        assert await carrier.tell(STATUS, CallStatus=status, SequenceNumber="3") == 204
        await home.quiet(1)
        assert home.ended()["outcome"] == "caller_hung_up"
        assert await carrier.tell(STATUS, CallStatus=status, SequenceNumber="3") == 204
        assert await carrier.tell(STATUS, CallStatus="in-progress", SequenceNumber="2") == 204
        assert counted(home) == {f"status_{status}": 1}
        assert len(home.lines("call.ended")) == 1

    with_desk(tmp_path, test)


@pytest.mark.socket
def test_a_hang_up_ends_a_call_whose_socket_nobody_closed(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            await carrier.tell(STATUS, CallStatus="completed")
            assert await phone.closed == 1000
        await home.quiet(1)
        assert home.ended()["outcome"] == "caller_hung_up"

    with_desk(tmp_path, test)


@pytest.mark.socket
def test_a_call_goes_on_whatever_else_is_told_of_it(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            for status in ("ringing", "in-progress", "initiated", "ringing", "nonsense", ""):
                assert await carrier.tell(STATUS, CallStatus=status) == 204
            assert await carrier.tell(STATUS, CallStatus="completed", CallSid="CA9") == 204
            assert await carrier.tell(STATUS, CallStatus="completed", CallSid="") == 204
            await phone.until("mark")
            assert len(home.service.running) == 1
            await phone.hang_up()
        await home.quiet(5)

    with_desk(tmp_path, test)


@pytest.mark.socket
def test_what_became_of_streams_is_counted_once_and_failures_are_logged(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        for _ in range(2):
            for event in ("stream-stopped", "stream-started", "stream-error", "stream-odd", ""):
                error = {"StreamError": "31903 " + "x" * 500} if event == "stream-error" else {}
                status = await carrier.tell(STREAM, StreamSid="MZ1", StreamEvent=event, **error)
                assert status == 204
        assert counted(home) == {"stream_stopped": 1, "stream_started": 1, "stream_error": 1}
        [line] = home.lines("stream.error")
        assert line["call_id"] == carrier.call_id
        assert line["error"].startswith("31903 x")
        assert len(line["error"]) == 200

    with_desk(tmp_path, test)


def test_a_final_status_stays_in_whatever_order_they_come() -> None:
    told = ["ringing", "in-progress", "completed", "completed"]
    for order in permutations(told):
        statuses = Statuses()
        news = [status for status in order if statuses.call("CA1", status)]
        assert news.count("completed") == 1
        assert news[-1] == "completed"


def test_the_oldest_calls_and_streams_are_forgotten() -> None:
    statuses = Statuses(most=1)
    assert [statuses.call(call, "completed") for call in ("a", "b", "a")] == [True] * 3
    assert [statuses.stream(stream, "stream-started") for stream in ("a", "b", "a")] == [True] * 3
    assert not statuses.call("a", "completed")

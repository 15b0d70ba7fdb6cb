"""A call that loses its media socket comes back to the same conversation, or ends in time."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from agent.service.continuation import HEALTHY_S
from agent.service.lives import REATTACH_S
from tests.service.carrier_desk import SPEECH_S, Desk, with_desk
from tests.service.house import House
from tests.service.model_side import polite
from tests.service.phone_side import PhoneSide

pytestmark = pytest.mark.socket


def played_s(phone: PhoneSide) -> float:
    """How much of what came the caller has heard by now."""
    return phone.heard_s() - max(0.0, phone._played_at - asyncio.get_running_loop().time())


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_call_whose_socket_breaks_goes_on_where_the_caller_was(how: str, tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        assert carrier.then == f"{home.origin}/twilio/continue?attempt=0"
        async with carrier.dial() as first:
            await first.until("media")
            await asyncio.sleep(2.0)
            before_s = played_s(first)
            first.reset() if how == "reset" else await first.ws.close()
        assert before_s == pytest.approx(2.0, abs=0.1)
        await asyncio.sleep(0.3)
        assert list(home.service.detached) == [carrier.call_id]
        document = await carrier.go_on()
        assert [child.tag for child in document] == ["Connect", "Redirect"]
        assert carrier.parameters["attempt"] == "1"
        async with carrier.dial() as second:
            await second.until("media")
            assert home.service.detached == {}
            await second.until("mark")
            await asyncio.sleep(1.0)
            assert played_s(second) == pytest.approx(SPEECH_S - before_s, abs=0.06)
            await second.hang_up()
        await home.quiet(5)
        line = home.ended()
        assert line["outcome"] == "caller_hung_up"
        assert home.service.counters["reattached"] == 1

    with_desk(tmp_path, test)


def test_a_call_that_does_not_come_back_ends(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        await asyncio.sleep(REATTACH_S - 0.5)
        assert len(home.service.running) == 1
        await home.quiet(1)
        assert home.ended()["outcome"] == "phone_lost"
        document = await carrier.go_on()  # after all
        assert [child.tag for child in document] == ["Say", "Hangup"]

    with_desk(tmp_path, test)


def test_sockets_that_last_are_lost_as_often_as_it_happens(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        for attempt in (0, 1, 1, 1, 1, 1, 1):
            assert carrier.parameters["attempt"] == str(attempt)
            async with carrier.dial() as phone:
                await asyncio.sleep(HEALTHY_S + 0.1)
                phone.reset()
            await asyncio.sleep(0.1)
            await carrier.go_on()
        assert home.service.counters["reattached"] == 6

    with_desk(tmp_path, test)


def test_the_newest_stream_counts_and_the_older_socket_sends_nothing_more(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as first:
            await first.until("media")
            await asyncio.sleep(1.0)
            await carrier.go_on()
            async with carrier.dial() as second:
                await second.until("media")
                assert await first.closed == 1000
                n = len(first.received)
                with suppress(ConnectionError):
                    await first.stop()  # of a stream that is no longer the call's
                await second.until("mark")
                assert len(first.received) == n
                await second.hang_up()
        await home.quiet(5)
        assert home.ended()["outcome"] == "caller_hung_up"

    with_desk(tmp_path, test)


def test_the_ticket_of_an_older_attempt_is_worth_nothing(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        late = carrier.parameters
        await carrier.ring()
        assert carrier.parameters == late  # asked twice, one ticket
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        await carrier.go_on()
        newer = carrier.parameters
        carrier.parameters = late
        async with carrier.dial() as phone:
            assert await phone.closed == 1008
        carrier.parameters = {**newer, "tenant": "office"}
        async with carrier.dial() as phone:
            assert await phone.closed == 1008
        carrier.parameters = newer
        async with carrier.dial() as phone:
            await phone.until("media")
            await phone.hang_up()
        reasons = [line["reason"] for line in home.lines("call.refused")]
        assert reasons == ["ticket_wrong", "ticket_wrong"]

    with_desk(tmp_path, test)


def test_the_webhook_asked_again_in_a_call_leads_to_the_same_call(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as first:
            await first.until("media")
            await carrier.ring()
            async with carrier.dial() as second:
                await second.until("media")
                await second.hang_up()
        await home.quiet(5)
        assert home.service.counters["answered"] == 1
        assert home.ended()["outcome"] == "caller_hung_up"

    with_desk(tmp_path, test)


def test_the_webhook_sent_again_after_the_call_gives_out_no_ticket(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            await phone.hang_up()
        await home.quiet(5)
        document = await carrier.ring()
        assert [verb.tag for verb in document] == ["Hangup"]
        assert home.service.counters["refused_call_over"] == 1

    with_desk(tmp_path, test)


def test_a_drain_does_not_wait_for_a_phone_that_is_away(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await home.service.drain()
        assert asyncio.get_running_loop().time() - began < 1
        assert home.ended()["outcome"] == "shutdown"

    with_desk(tmp_path, test, polite)

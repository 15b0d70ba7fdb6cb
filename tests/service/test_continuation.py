"""A call that loses its media socket comes back to the same conversation, or ends kindly."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent.call.core import Call
from agent.call.effects import Outcome
from agent.service.continuation import (
    HEALTHY_S,
    MOST_ATTEMPTS,
    Attempts,
    Fate,
    MemoryFates,
    attempt_in,
)
from agent.service.lives import REATTACH_S
from tests.service.carrier_desk import Desk, desk
from tests.service.house import OTHER_NUMBER, House, house
from tests.service.model_side import Behaviour, ModelSide, fake_model, polite, says_goodbye
from tests.service.phone_side import PhoneSide
from tests.support.patient_loop import run_on_loopback

pytestmark = pytest.mark.socket

SPEECH_S = 6.0
type Test = Callable[[House, Desk], Awaitable[None]]


async def long_winded(side: ModelSide) -> None:
    await side.greet(SPEECH_S)
    await side.until_closed()


def with_desk(folder: Path, test: Test, behaviour: Behaviour = long_winded, **options: Any) -> None:
    async def main() -> None:
        async with (
            fake_model(behaviour) as model,
            house(folder, model.url) as home,
            desk(home, **options) as carrier,
        ):
            await test(home, carrier)

    run_on_loopback(main())


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


def test_the_way_a_call_ended_is_known_when_its_socket_closes(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            assert await phone.closed == 1000
            document = await carrier.go_on()
        assert [child.tag for child in document] == ["Hangup"]
        fate = await home.service.fates.of(carrier.call_id)
        assert fate == Fate("shop", Outcome.AGENT_ENDED, abrupt=False)

    with_desk(tmp_path, test, says_goodbye)


def test_a_call_that_nobody_knows_hears_an_apology_in_its_tenant_s_words(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        document = await carrier.ask("/twilio/continue?attempt=1")
        assert "Please call again" in (document.findtext("Say") or "")
        text = (tmp_path / "office.yaml").read_text() + "fallback: {say: Do write to us.}\n"
        (tmp_path / "office.yaml").write_text(text)
        await home.service._store.reload()
        document = await carrier.ask("/twilio/continue", To=OTHER_NUMBER)
        assert document.findtext("Say") == "Do write to us."
        document = await carrier.ask("/twilio/continue", To="nobody")
        assert [child.tag for child in document] == ["Say", "Hangup"]
        assert home.service.counters == {"continued_unknown": 3}

    with_desk(tmp_path, test)


def test_sockets_that_fail_in_a_row_are_given_up(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        for attempt in range(1, MOST_ATTEMPTS + 1):
            document = await carrier.go_on()
            assert carrier.parameters["attempt"] == str(attempt)
            assert (document.find("Pause") is not None) == (attempt > 1)
        document = await carrier.go_on()
        assert [child.tag for child in document] == ["Say", "Hangup"]
        await home.quiet(1)
        assert home.ended()["outcome"] == "phone_lost"
        assert home.service.counters["continued_in_vain"] == 1

    with_desk(tmp_path, test)


def test_a_call_that_is_given_up_goes_where_its_tenant_says(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        text = (tmp_path / "office.yaml").read_text()
        words = "fallback: {then: voicemail}\nvoicemail: {say: Please speak.}\n"
        (tmp_path / "office.yaml").write_text(text + words)
        assert await home.service.tenant_store.reload()
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        document = await carrier.ask(f"/twilio/continue?attempt={MOST_ATTEMPTS}")
        assert document.find("Record") is not None
        await home.quiet(1)
        assert home.service.after_stream == {}

    with_desk(tmp_path, test, to=OTHER_NUMBER)


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


def test_a_question_that_is_repeated_has_the_same_answer(tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        then = carrier.then
        assert then is not None
        await carrier.ask(then, token="t1")
        first = carrier.parameters
        await carrier.ask(then, token="t1")
        assert carrier.parameters == first
        await carrier.ask(then)  # by whatever way it comes
        assert carrier.parameters == first
        home.service.after_stream[carrier.call_id] = "<Response><Dial>1</Dial></Response>"
        for _ in range(2):
            document = await carrier.ask(then, token="t2")
            assert document.findtext("Dial") == "1"
        document = await carrier.ask(then, token="t3")
        assert document.find("Connect") is not None

    with_desk(tmp_path, test)


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_caller_who_has_hung_up_meanwhile_is_let_go(status: str, tmp_path: Path) -> None:
    async def test(home: House, carrier: Desk) -> None:
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            phone.reset()
        assert len(await carrier.go_on(CallStatus=status)) == 0
        await home.quiet(1)
        assert home.ended()["outcome"] == "caller_hung_up"
        assert len(await carrier.ask("/twilio/continue", CallStatus=status)) == 0

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


class Broken(Call):
    """A core with a bug that shows when the model speaks."""

    def model_received(self, connection: int, frame: bytes | str, now: float) -> bool:
        if "modelTurn" in str(frame):
            raise ZeroDivisionError
        return super().model_received(connection, frame, now)


def test_a_call_that_crashed_does_not_just_hang_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(home: House, carrier: Desk) -> None:
        monkeypatch.setattr("agent.service.kept.Call", Broken)
        await carrier.ring()
        async with carrier.dial() as phone:
            assert await phone.closed == 1011
            document = await carrier.go_on()
        assert [child.tag for child in document] == ["Say", "Hangup"]
        assert home.ended()["outcome"] == "failed"

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


def test_a_fate_that_cannot_be_recorded_holds_nobody_up(tmp_path: Path) -> None:
    class Stuck(MemoryFates):
        async def record(self, call_id: str, fate: Fate) -> None:
            await asyncio.Event().wait()

    async def test(home: House, carrier: Desk) -> None:
        home.service.fates = Stuck()
        await carrier.ring()
        async with carrier.dial() as phone:
            await phone.until("media")
            await phone.stop()
            assert await phone.closed == 1000
        await home.quiet(3)
        assert len(home.lines("call.fate_not_recorded")) == 1

    with_desk(tmp_path, test)


def test_the_first_fate_of_a_call_counts_and_the_oldest_are_forgotten() -> None:
    async def main() -> None:
        fates = MemoryFates(most=2)
        for call_id in ("a", "b", "c"):
            await fates.record(call_id, Fate("shop", Outcome.LIMIT, abrupt=False))
        await fates.record("c", Fate("shop", Outcome.FAILED, abrupt=True))
        assert await fates.of("a") is None
        fate = await fates.of("c")
        assert fate is not None
        assert fate.outcome is Outcome.LIMIT

    asyncio.run(main())


def test_attempts_count_up_to_a_bound_and_begin_anew_after_a_socket_that_lasted() -> None:
    attempts = Attempts(most=2)
    assert [attempts.next("a", n) for n in range(5)] == [1, 2, 3, None, None]
    attempts.stream_over("a", 3, HEALTHY_S)
    assert [attempts.next("a", n) for n in range(5)] == [1, 2, 3, 1, None]
    attempts.stream_over("a", 3, HEALTHY_S - 0.1)
    assert attempts.next("a", 3) is None


def test_what_is_no_attempt_is_the_first() -> None:
    assert [attempt_in(text) for text in ("", "2", "-1", "x", "123", "٣")] == [0, 2, 0, 0, 0, 0]

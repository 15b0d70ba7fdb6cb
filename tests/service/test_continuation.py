"""How calls ended and how often they have come back: first, bounded, and holding nobody up."""

import asyncio
from pathlib import Path

import pytest

from agent.call.effects import Outcome
from agent.service.continuation import HEALTHY_S, Attempts, Fate, MemoryFates, attempt_in
from tests.service.carrier_desk import Desk, with_desk
from tests.service.house import House
from tests.service.model_side import says_goodbye

pytestmark = pytest.mark.socket


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

"""The caller who waits for a person: brought back, gone, or no longer waited for."""

import asyncio

import pytest

from agent.call.effects import Outcome
from agent.service.twilio_rest import CallResource
from agent.service.warm_transfer import GONE, Warm
from agent.telephony.twilio.conference import WarmState
from tests.service.passing import CALL, PERSON, REFUSED, UNCLEAR, House, in_house
from tests.service.passing import GONE as NOT_FOUND
from tests.service.warm_told import TOLD, WENT, told


def test_a_carrier_that_does_not_bring_the_caller_back_is_asked_again() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [UNCLEAR, REFUSED, WENT]
        warm = await house.waiting()
        warm.person_ended("busy")
        await asyncio.sleep(10)
        assert len(house.account().of("redirect")) == 3
        assert not house.account().of("hang_up")

    in_house(work)


def test_a_caller_who_cannot_be_brought_back_is_not_left_in_the_queue() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [UNCLEAR]
        warm = await house.waiting()
        warm.person_ended("busy")
        await asyncio.sleep(10)
        assert house.account().of("hang_up") == [CALL]

    in_house(work)


def test_a_caller_who_is_gone_is_not_brought_back() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [None]
        warm = await house.waiting()
        warm.person_ended("busy")
        await asyncio.sleep(0.01)
        assert house.supervisor.finished == [Outcome.CALLER_HUNG_UP]
        assert warm.machine is not None
        assert warm.machine.state is WarmState.OVER

    in_house(work)


@pytest.mark.parametrize(
    ("status", "ends"),
    [("completed", True), ("in-progress", False), (UNCLEAR, False), (NOT_FOUND, True)],
)
def test_who_leaves_the_conference_may_have_hung_up(status: str | Exception, ends: bool) -> None:
    async def work(house: House) -> None:
        answer = CallResource(CALL, status) if isinstance(status, str) else status
        house.account().answers["fetch"] = [answer]
        warm = await house.waiting()
        warm.somebody_left()
        await asyncio.sleep(0.01)
        assert bool(house.supervisor.finished) is ends
        warm.somebody_left()

    in_house(work)


def test_a_caller_who_falls_out_of_the_conference_goes_back_without_being_fetched() -> None:
    async def work(house: House) -> None:
        warm = await house.waiting()
        assert warm.caller_left("in-progress")
        assert told(house) == TOLD.format(why="the call could not be put through")
        await asyncio.sleep(0.01)
        assert not house.account().of("redirect")
        assert house.account().of("hang_up") == [PERSON]

    in_house(work)


def test_what_comes_before_the_caller_waits_changes_nothing() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "owner", "x")
        [warm] = house.transfers.warm._by_key.values()
        assert isinstance(warm, Warm)
        warm.person_ended("busy")
        warm.machine_heard()
        warm.somebody_left()
        assert not warm.caller_left("completed")
        assert GONE in warm.person_answered()
        assert "<Hangup" in warm.pressed("1")
        assert warm.machine is None

    assert not in_house(work).account().asked


def test_a_caller_who_hangs_up_is_heard_of_by_the_call_s_own_end() -> None:
    async def work(house: House) -> None:
        warm = await house.waiting()
        house.transfers.warm.ended("CA" + "9" * 32, hung_up=True)
        assert warm.machine is not None
        assert warm.machine.waiting
        house.transfers.warm.ended(CALL, hung_up=True)
        house.transfers.warm.ended(CALL, hung_up=True)
        await asyncio.sleep(0.01)
        assert house.account().of("hang_up") == [PERSON]
        assert not house.account().of("redirect")

    in_house(work)


def test_a_caller_whose_agent_goes_is_not_left_waiting() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        await house.waiting()
        house.transfers.warm.ended(CALL, hung_up=False)
        await house.transfers.warm.close()
        assert len(house.account().of("redirect")) == 1
        assert house.account().of("hang_up") == [PERSON]

    in_house(work)


def test_what_was_connected_stays_connected() -> None:
    async def work(house: House) -> None:
        warm = await house.waiting()
        warm.pressed("1")
        house.transfers.warm.ended(CALL, hung_up=True)
        assert warm.machine is not None
        assert warm.machine.state is WarmState.CONNECTED

    in_house(work)


def test_a_call_that_ends_before_the_caller_waits_leaves_nothing() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "owner", "x")
        house.transfers.warm.ended(CALL, hung_up=True)
        assert not house.transfers.warm._by_key

    in_house(work)

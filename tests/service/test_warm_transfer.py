"""A person is asked while the caller waits: what the carrier is asked to do, and when."""

import asyncio
from typing import Any, cast

import pytest

from agent.call.effects import Outcome
from agent.service.warm_transfer import ASK, ASK_BY_VOICE, GONE, Warm
from agent.telephony.twilio.acceptance import ANSWERS
from agent.telephony.twilio.conference import ASKING_S
from agent.tenants.transfers import VOICE_LANGUAGES
from tests.service.passing import (
    CALL,
    CALLER,
    LINE,
    ORIGIN,
    PERSON,
    REFUSED,
    UNCLEAR,
    House,
    in_house,
)
from tests.service.warm_told import TOLD, WENT, told


def test_the_person_is_called_from_the_line_once_the_caller_waits() -> None:
    async def work(house: House) -> None:
        house.transfers.begin(house.running, "owner", "Ann wants a party.")
        assert not house.account().asked
        assert house.supervisor.asides == [(20.0 + 2 * ASKING_S + 60.0, Outcome.PHONE_LOST)]
        document = house.leave()
        key = document.rpartition("/enter/")[2].partition("<")[0]
        assert f'<Redirect method="POST">{ORIGIN}/twilio/conference/enter/' in document
        warm = house.transfers.warm.find(key)
        assert warm is not None
        hold = warm.enter(ORIGIN)
        assert 'startConferenceOnEnter="false"' in hold
        assert f"warm-{CALL}-" in hold
        assert warm.enter(ORIGIN) == hold
        await asyncio.sleep(0.01)
        [(to, from_, fields)] = house.account().of("create")
        assert (to, from_) == ("+15550100199", LINE)
        assert fields["Timeout"] == 20
        assert fields["AsyncAmd"] is True
        assert fields["time_limit_s"] == 660
        assert fields["url"] == f"{ORIGIN}/twilio/conference/person/{key}"
        assert CALLER not in str(fields)

    in_house(work)


def test_a_person_who_takes_the_call_joins_and_the_agent_is_done() -> None:
    async def work(house: House) -> None:
        warm = await house.waiting()
        asked = warm.person_answered()
        assert f"Ann wants a party. {ASK}" in asked
        assert '<Say language="en-GB">' in asked
        joined = warm.pressed("1")
        assert 'startConferenceOnEnter="true"' in joined
        assert f"warm-{CALL}-" in joined
        assert warm.person_answered() == joined
        assert house.supervisor.finished == [Outcome.TRANSFERRED]
        assert house.counters == {"transfers_begun": 1, "transfers_connected": 1}
        warm.person_ended("completed")
        assert not warm.caller_left("in-progress")
        assert house.transfers.warm.find(warm.key) is None

    assert not in_house(work).account().of("redirect")


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (lambda warm: warm.person_ended("busy"), "the line is busy"),
        (lambda warm: warm.person_ended("no-answer"), "nobody answered"),
        (lambda warm: warm.machine_heard(), "an answering machine took the call"),
        (lambda warm: warm.pressed("2"), "the person cannot take the call now"),
        (lambda warm: warm.pressed(""), "the person answered and did not take the call"),
    ],
)
def test_a_caller_nobody_takes_is_brought_back_and_the_agent_knows_why(
    happens: Any, why: str
) -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        warm = await house.waiting()
        warm.person_answered()
        happens(warm)
        await asyncio.sleep(0.01)
        assert house.account().of("redirect") == [
            (CALL, f"{ORIGIN}/twilio/conference/back/{warm.key}")
        ]
        assert told(house) == TOLD.format(why=why)
        assert not house.supervisor.finished
        assert GONE in warm.person_answered()
        assert "<Hangup" in warm.pressed("1")

    assert in_house(work).counters == {"transfers_begun": 1, "transfers_failed": 1}


async def asked_by_voice(house: House) -> Warm:
    """A person who may answer by voice has answered."""
    tenant = house.running.ready.tenant
    owner = tenant.transfers["owner"].model_copy(update={"accept": "voice"})
    changed = tenant.model_copy(update={"transfers": {**tenant.transfers, "owner": owner}})
    cast(Any, house.running.ready).tenant = changed
    warm = await house.waiting()
    asked = warm.person_answered()
    assert f"Ann wants a party. {ASK_BY_VOICE}" in asked
    assert 'input="dtmf speech"' in asked
    assert "yes,yeah," in asked
    assert asked.count("<Gather") == 2
    return warm


@pytest.mark.parametrize(
    ("key", "spoken", "why"),
    [
        ("", "Yes, put them through.", None),
        ("1", "", None),
        ("1", "no", None),
        ("", "No, I'm busy", "the person cannot take the call now"),
        ("", "", "the person answered and did not take the call"),
    ],
)
def test_a_person_answers_by_voice_or_by_key(key: str, spoken: str, why: str | None) -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        warm = await asked_by_voice(house)
        document = warm.pressed(key, spoken)
        assert ("<Conference" in document) is (why is None)
        if why is not None:
            assert told(house) == TOLD.format(why=why)

    in_house(work)


def test_a_person_who_is_not_understood_is_asked_once_more() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        warm = await asked_by_voice(house)
        await asyncio.sleep(ASKING_S - 5.0)
        for _ in range(2):  # the carrier may ask twice
            asked = warm.pressed("", "Hello, this is Mario.")
            assert f"Ann wants a party. {ASK_BY_VOICE}" in asked
            assert f"/twilio/conference/key/{warm.key}?again=1" in asked
            assert asked.count("<Gather") == 1
        await asyncio.sleep(10.0)  # the time for it began anew
        assert "<Hangup" in warm.pressed("", "Who is that?", again=True)
        assert told(house) == TOLD.format(why="the person answered and did not take the call")
        assert "<Hangup" in warm.pressed("", "Pardon?")

    in_house(work)


def test_nobody_listens_where_a_key_is_asked_for() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        warm = await house.waiting()
        assert "speech" not in warm.person_answered()
        assert "<Hangup" in warm.pressed("", "yes")

    in_house(work)


def test_voice_is_taken_in_those_languages_whose_words_are_known() -> None:
    assert set(ANSWERS) == VOICE_LANGUAGES


def test_whoever_is_hung_up_on_is_hung_up_on_once() -> None:
    async def work(house: House) -> None:
        house.account().answers["hang_up"] = [UNCLEAR]
        warm = await house.waiting()
        warm.person_answered()
        warm.machine_heard()
        warm.person_ended("completed")
        await asyncio.sleep(0.01)
        assert house.account().of("hang_up") == [PERSON]

    in_house(work)


@pytest.mark.parametrize("error", [REFUSED, UNCLEAR])
def test_an_order_that_is_refused_brings_the_caller_back(error: Exception) -> None:
    async def work(house: House) -> None:
        house.account().answers["create"] = [error]
        warm = await house.waiting()
        assert told(house) == TOLD.format(why="the call could not be put through")
        assert GONE in warm.person_answered()  # should it have been taken all the same

    assert len(in_house(work).account().of("redirect")) == 1


def test_an_order_that_comes_through_too_late_is_undone() -> None:
    async def work(house: House) -> None:
        house.account().answers["create"] = [5.0]
        warm = await house.waiting()
        assert not warm.caller_left("completed")
        await asyncio.sleep(6)
        assert house.account().of("hang_up") == [PERSON]
        assert house.supervisor.finished == [Outcome.CALLER_HUNG_UP]

    in_house(work)


def test_nobody_waits_longer_than_it_may_ring_and_be_asked() -> None:
    async def work(house: House) -> None:
        house.account().answers["redirect"] = [WENT]
        await house.waiting()
        await asyncio.sleep(20 + ASKING_S - 1)
        assert not house.account().of("redirect")
        await asyncio.sleep(2)
        assert len(house.account().of("redirect")) == 1
        assert told(house) == TOLD.format(why="nobody answered")

    in_house(work)

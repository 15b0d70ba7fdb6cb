"""The call steps aside and comes back, or is nobody's any more: through the exchange."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agent.sim.clips import Clip
from agent.sim.exchange.leg import Leg
from agent.sim.exchange.plan import CallOptions, Party, World
from agent.sim.script import Leave, Pause, Say, Script, WaitForAgent, WaitForEnd
from tests.call.line import voice
from tests.exchange.test_passing_on import (
    COMES_BACK,
    KITCHEN,
    MANNERS,
    OWNER,
    PATIENT,
    STAYS,
    TAKES_IT,
    Street,
    manners,
    on_the_street,
)
from tests.exchange.town import PUBLIC
from tests.service.passing_line import BELLA, NUMBER

pytestmark = pytest.mark.socket

BY_VOICE = BELLA.replace("how: warm", "how: warm, accept: voice")
BY_CARRIER = BELLA.replace("- builtin: send_digits", "- {builtin: send_digits, by: carrier}")
PASSES_ON = "fallback: {transfer: kitchen, say: Sorry for that.}\n"


def says(text: str) -> Say:
    return Say(Clip.of(voice(0.6), text))


def passed(street: Street, leg: Leg) -> list[tuple[str, str | None, bool]]:
    """What the call's record has of transfers."""
    news = street.town.home.service.facts.of(leg.sid)
    assert news is not None
    return [(each.target, each.ended, each.fallback) for each in news.transfers.values()]


async def unknown_call(street: Street, script: Script) -> Leg:
    """A call that another process had until now: its carrier asks what next."""
    board = street.town.board
    number = board.exchange.number(NUMBER)
    assert number is not None
    number.voice_url = f"{PUBLIC}/twilio/continue?attempt=0"
    leg = board.begin("+15550123456", NUMBER, script, CallOptions())
    await board.over(leg)
    assert not street.sides
    return leg


@MANNERS
@pytest.mark.parametrize(
    ("party", "end"),
    [
        (Party(script=[Pause(5.0), Leave()]), "answered"),
        (Party("busy"), "busy"),
        (Party("no-answer"), "no-answer"),
        (Party("failed"), "failed"),
    ],
)
def test_the_record_says_how_a_cold_transfer_ended(
    party: Party, end: str, how: str, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(STAYS if end == "answered" else COMES_BACK)
        await asyncio.sleep(3)  # callbacks may be late
        assert passed(street, leg) == [("kitchen", end, False)]
        news = street.town.home.service.facts.of(leg.sid)
        assert news is not None
        assert news.status == "completed"
        assert news.duration_s is not None
        assert news.duration_s >= 3
        assert (news.transfers[0].talked_s is not None) is (end == "answered")

    world = World({KITCHEN: party}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="kitchen")


@MANNERS
@pytest.mark.parametrize(
    ("party", "end"),
    [
        (TAKES_IT, "answered"),
        (Party("busy"), "busy"),
        (Party(answered_by="machine"), "machine"),
        (Party(script=[Pause(3.0), Leave()]), "not_taken"),
    ],
)
def test_the_record_says_how_a_warm_transfer_ended(
    party: Party, end: str, how: str, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(STAYS if end == "answered" else PATIENT)
        assert passed(street, leg) == [("owner", end, False)]

    world = World({OWNER: party}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="owner", summary="Ann.")


@MANNERS
def test_the_record_says_that_the_caller_did_not_wait(how: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call([WaitForAgent(), WaitForAgent(), Pause(4.0), Leave()])
        await asyncio.sleep(5)
        assert passed(street, leg) == [("owner", "caller_left", False)]

    slow = Party(after_s=3.0, script=[Pause(20.0), Leave()])
    world = World({OWNER: slow}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, target="owner", summary="Ann.")


@MANNERS
@pytest.mark.parametrize(
    ("script", "end"),
    [
        ([Pause(6.0), says("Yes, please."), Pause(5.0), Leave()], "answered"),
        ([says("Hello, this is Mario."), Pause(4.0), says("yes"), Pause(5.0)], "answered"),
        ([Pause(6.0), says("No, I'm busy."), Pause(5.0)], "refused"),
        ([says("Hello?"), Pause(3.0), says("Who is that?"), Pause(5.0)], "not_taken"),
    ],
)
def test_a_person_takes_the_call_by_voice_or_does_not(
    script: Script, end: str, how: str, tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(STAYS if end == "answered" else PATIENT)
        assert passed(street, leg) == [("owner", end, False)]
        wanted = "transferred" if end == "answered" else "caller_hung_up"
        assert street.town.outcomes() == [wanted]
        assert all(other.over for other in street.others(leg))

    world = World({OWNER: Party(script=script)}, callbacks=manners(how))
    on_the_street(tmp_path, test, world, file=BY_VOICE, target="owner", summary="Ann.")


def test_the_carrier_dials_and_the_call_comes_back_to_its_conversation(tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(PATIENT)
        assert street.town.outcomes() == ["caller_hung_up"]
        assert leg.keys_heard() == "42#"
        [played] = [
            note.values for note in street.town.board.exchange.notes if note.name == "played"
        ]
        assert played["digits"] == "42#"
        assert len(street.sides) == 1
        assert street.town.home.service.counters["reattached"] == 1
        assert not street.told("interrupted")
        assert leg.report().violations == []

    on_the_street(tmp_path, test, World(), "send_digits", file=BY_CARRIER, digits="42#")


def test_a_line_may_be_dialled_on_in_the_agent_s_own_stream(tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        leg = await street.call(PATIENT)
        assert leg.keys_heard() == "42#"
        assert street.town.home.service.counters["reattached"] == 0

    on_the_street(tmp_path, test, World(), "send_digits", digits="42#")


@pytest.mark.parametrize(
    ("party", "said"),
    [
        (Party(script=[Pause(5.0), Leave()]), ["Sorry for that."]),
        (Party("busy"), ["Sorry for that.", "Sorry for that."]),
    ],
)
def test_a_call_that_this_process_does_not_know_is_passed_on_once(
    party: Party, said: list[str], tmp_path: Path
) -> None:
    async def test(street: Street) -> None:
        leg = await unknown_call(street, STAYS)
        notes = street.town.board.exchange.notes
        spoken = [note.values["text"] for note in notes if note.name == "said"]
        assert spoken == said
        [other] = street.others(leg)
        assert other.call.to == KITCHEN
        counters = street.town.home.service.counters
        assert (counters["continued_unknown"], counters["transfers_fallback"]) == (1, 1)

    on_the_street(tmp_path, test, World({KITCHEN: party}), more=PASSES_ON, target="kitchen")


def test_a_call_that_this_process_does_not_know_may_leave_a_message(tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        script: Script = [
            WaitForAgent(timeout_s=60),
            Say(Clip.of(voice(3.0))),
            WaitForEnd(timeout_s=60),
        ]
        await unknown_call(street, script)
        await asyncio.sleep(1)
        assert street.town.home.service.counters["voicemails"] == 1

    voicemail = "fallback: {then: voicemail}\n"
    on_the_street(tmp_path, test, World(), more=voicemail, target="kitchen")


@pytest.mark.parametrize("why", ["it is about to stop", "it is full"])
def test_a_call_for_which_the_service_has_no_room_is_passed_on(why: str, tmp_path: Path) -> None:
    async def test(street: Street) -> None:
        service = street.town.home.service
        if why == "it is full":
            service.settings = replace(service.settings, calls=0)
        else:
            service.draining = True
        leg = street.town.board.begin("+15550123456", NUMBER, STAYS, CallOptions())
        await street.town.board.over(leg)
        [other] = street.others(leg)
        assert other.call.to == KITCHEN
        assert not street.sides
        reason = "service_full" if why == "it is full" else "draining"
        assert service.counters[f"refused_{reason}"] == 1

    world = World({KITCHEN: Party(script=[Pause(5.0), Leave()])})
    on_the_street(tmp_path, test, world, more=PASSES_ON, target="kitchen")

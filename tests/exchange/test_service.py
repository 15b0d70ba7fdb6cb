"""The service, called through the exchange: answered, ended by either side, refused."""

import asyncio
from pathlib import Path

import pytest

from agent.sim.carrier import HangUp
from agent.sim.exchange.plan import (
    Break,
    CallbackManners,
    CallOptions,
    Signing,
    StreamBreak,
    World,
)
from agent.sim.script import Leave, Pause, Press, Script, WaitForAgent, WaitForEnd
from tests.exchange.town import PUBLIC, TOKEN, Town, in_town
from tests.service.house import CALLER, NUMBER
from tests.service.model_side import says_goodbye

pytestmark = pytest.mark.socket


def test_a_call_is_answered_heard_and_hung_up(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, [WaitForAgent(), Leave()])
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert report.violations == []
        assert report.holes_s == []
        assert report.first_audio_s is not None
        assert report.first_audio_s < 2.0
        assert town.outcomes() == ["caller_hung_up"]
        assert town.codes() == []
        pages = {note.values["url"] for note in town.board.exchange.notes if note.name == "request"}
        assert pages == {f"{PUBLIC}/twilio/{page}" for page in ("voice", "status", "stream-status")}

    in_town(tmp_path, test)


def test_an_agent_that_says_goodbye_ends_the_call_and_every_word_is_heard(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, [WaitForEnd(timeout_s=60)])
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert report.close_code == 1000
        assert report.n_cut == 0
        assert report.first_audio_s is not None
        assert town.outcomes() == ["agent_ended"]
        assert town.codes() == []
        assert len(town.board.exchange.legs) == 1

    in_town(tmp_path, test, says_goodbye)


@pytest.mark.parametrize("how", HangUp)
@pytest.mark.parametrize("after_s", [0.02, 0.3, 2.0, 6.0])
def test_whenever_and_however_a_caller_hangs_up_the_call_is_over_once(
    tmp_path: Path, how: HangUp, after_s: float
) -> None:
    async def test(town: Town) -> None:
        script: Script = [Pause(after_s), Leave(how, linger_s=0.5)]
        leg = town.board.begin(CALLER, NUMBER, script)
        await town.board.over(leg)
        await asyncio.sleep(30.0)
        await town.home.quiet(within_s=5)
        assert leg.n_streams == 1
        assert town.outcomes() in (["caller_hung_up"], ["phone_lost"])
        assert town.home.service.running == {}
        assert "continued" not in town.home.service.counters

    in_town(tmp_path, test)


def test_a_caller_may_hang_up_before_start(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(start_after_s=1.0)
        report = await town.board.call(CALLER, NUMBER, [Pause(0.5), Leave()], options)
        await town.home.quiet(within_s=5)
        assert report.failure is None
        [line] = town.home.lines("call.ended")
        assert (line["outcome"], line["stream_id"]) == ("caller_hung_up", "")
        assert town.home.service.counters["answered"] == 0

    in_town(tmp_path, test)


def test_a_stream_without_start_is_closed_and_the_caller_hears_why(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(start_after_s=8.0)
        report = await town.board.call(CALLER, NUMBER, [WaitForEnd(timeout_s=120)], options)
        assert report.close_code == 1008
        assert town.home.service.counters["refused_timeout"] >= 1
        assert "said" in [note.name for note in town.board.exchange.notes]

    in_town(tmp_path, test)


@pytest.mark.parametrize("signing", [Signing.RIGHT, Signing.SLASH, Signing.PORT])
def test_the_forms_in_which_an_upgrade_may_be_signed_are_taken(
    tmp_path: Path, signing: Signing
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(signing={1: signing})
        report = await town.board.call(CALLER, NUMBER, [WaitForAgent(), Leave()], options)
        assert report.failure is None
        assert town.codes() == []

    in_town(tmp_path, test)


@pytest.mark.parametrize("signing", [Signing.WRONG, Signing.MISSING])
def test_an_upgrade_that_is_not_signed_is_refused_and_the_call_comes_back(
    tmp_path: Path, signing: Signing
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(signing={1: signing})
        leg = town.board.begin(CALLER, NUMBER, [WaitForEnd(timeout_s=120)], options)
        await town.board.over(leg)
        assert town.codes()[0] == 31920
        assert town.home.service.counters["refused_signature"] == 1
        assert leg.over

    in_town(tmp_path, test)


def test_a_carrier_with_another_token_gets_nothing(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, [Pause(60.0), Leave()])
        assert report.failure is not None
        assert "HTTP 403" in report.failure
        assert town.board.exchange.notes[-1].name != "upgrade"
        assert town.home.service.counters["refused_signature"] >= 1
        assert town.outcomes() == []

    in_town(tmp_path, test, carrier_tokens=(f"not {TOKEN}",))


def test_a_webhook_that_comes_twice_makes_one_call(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(webhook_twice=True)
        report = await town.board.call(CALLER, NUMBER, [WaitForAgent(), Leave()], options)
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test)


def test_a_second_socket_with_the_same_ticket_is_refused_and_the_call_goes_on(
    tmp_path: Path,
) -> None:
    async def test(town: Town) -> None:
        options = CallOptions(second_socket_after_s=1.0)
        script: Script = [WaitForAgent(), Pause(4.0), Leave()]
        report = await town.board.call(CALLER, NUMBER, script, options)
        await town.home.quiet(within_s=5)
        assert report.failure is None
        [note] = [note for note in town.board.exchange.notes if note.name == "second_socket"]
        assert note.values["code"] == 1008
        assert town.home.service.counters["refused_ticket_used"] == 1
        assert town.outcomes() == ["caller_hung_up"]

    in_town(tmp_path, test)


def test_callbacks_that_come_late_disordered_and_twice_change_nothing(tmp_path: Path) -> None:
    world = World(callbacks=CallbackManners(delay_s=0.5, spread_s=3.0, doubled=True))

    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, [WaitForAgent(), Pause(6.0), Leave()])
        await asyncio.sleep(10.0)
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert town.outcomes() == ["caller_hung_up"]
        assert town.codes() == []
        assert town.home.service.counters["status_completed"] == 1
        assert town.home.service.counters["stream_started"] == 1

    in_town(tmp_path, test, world=world)


def test_a_number_nobody_answers_and_a_full_house_are_told_in_words(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        town.board.exchange.add_number("+15550109999", f"{PUBLIC}/twilio/voice")
        unknown = town.board.begin(CALLER, "+15550109999", [WaitForEnd(timeout_s=60)])
        await town.board.over(unknown)
        said = [n.values["text"] for n in town.board.exchange.notes if n.name == "said"]
        assert said == ["This number is not in service."]
        assert unknown.n_streams == 0

    in_town(tmp_path, test)


def test_at_capacity_no_stream_is_begun(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        first = town.board.begin(CALLER, NUMBER, [Pause(8.0), Leave()])
        await asyncio.sleep(2.0)
        second = town.board.begin("+15550123457", NUMBER, [WaitForEnd(timeout_s=60)])
        await town.board.over(second)
        said = [n.values["text"] for n in town.board.exchange.notes if n.name == "said"]
        assert said == ["All our lines are busy at the moment. Please call again in a few minutes."]
        await town.board.over(first)
        assert first.n_streams == 1
        assert second.n_streams == 0

    in_town(tmp_path, test, calls=1)


def test_keys_reach_the_call(tmp_path: Path) -> None:
    async def test(town: Town) -> None:
        report = await town.board.call(CALLER, NUMBER, [WaitForAgent(), Press("12#"), Leave()])
        await town.home.quiet(within_s=5)
        assert report.failure is None
        assert report.violations == []

    in_town(tmp_path, test)


@pytest.mark.parametrize(
    "evil", ['"/></Connect><Hangup/><Connect x="', "</Stream><Say>x</Say>", "&#0;&<>'\"", "]]>"]
)
def test_what_a_caller_writes_never_becomes_a_verb(tmp_path: Path, evil: str) -> None:
    async def test(town: Town) -> None:
        fields = {
            "CallerName": evil,
            "SipHeader_X-Evil": evil,
            "SipDomain": evil,
            "StirVerstat": evil,
        }
        breaks = (StreamBreak(Break.RST, 2.0),)
        leg = town.board.begin(
            evil, NUMBER, [Pause(5.0), Leave()], CallOptions(fields=fields, breaks=breaks)
        )
        await town.board.over(leg)
        await town.home.quiet(within_s=5)
        documents = [n.values["verbs"] for n in town.board.exchange.notes if n.name == "document"]
        assert documents == ["Connect Redirect", "Connect Redirect"]
        assert town.outcomes() == ["caller_hung_up"]
        assert evil not in town.home.log.getvalue()

    in_town(tmp_path, test)

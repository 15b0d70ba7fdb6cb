"""What is said of a call that is over, and how late its caller was."""

from base64 import b64encode

import pytest

from agent.sim.exchange.leg import Leg
from agent.sim.load_result import LATE_STEPS, CallResult, Lateness, result_of
from agent.sim.script import BargeIn, Leave, Pause, Say, Script, WaitForAgent
from tests.exchange.street import MEDIA, Street
from tests.sim.lines import tone

LOUD = b64encode(b"\x00" * 4_000).decode()
CLIP = tone(0.2, "hello")
STAYS: Script = [WaitForAgent()]


def told(street: Street, leg: Leg, *, cut_short: bool = False) -> CallResult:
    return result_of(3, 1.5, street.exchange, leg, cut_short=cut_short)


def speaks(street: Street, leg: Leg) -> None:
    street.say(leg, {"event": "media", "media": {"payload": LOUD}})


def hang_up(street: Street, leg: Leg) -> None:
    assert leg.line is not None
    leg.line.hang_up(street.now)
    street.exchange.handle_timer(street.now)
    street.work()


def test_a_call_is_timed_from_ring_to_stream_to_first_audio() -> None:
    street = Street({"voice": f"<Pause length='1'/>{MEDIA}"})
    leg = street.call([WaitForAgent(), Leave()])
    street.until(1.25)
    speaks(street, leg)
    street.over(leg)
    result = told(street, leg)
    assert (result.number, result.begun_s, result.outcome, result.why) == (3, 1.5, "well", "")
    assert result.connected_s == pytest.approx(1.0)
    assert result.first_audio_s == pytest.approx(0.25, abs=0.02)
    assert result.lasted_s == pytest.approx(2.75, abs=0.05)
    assert (result.holes_s, result.streams_lost, result.frames_dropped) == ([], 0, 0)


def test_answers_and_barge_ins_are_timed() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call([Say(CLIP), BargeIn(CLIP, after_s=0.1), WaitForAgent(quiet_s=0.4), Leave()])
    street.until(0.5)
    speaks(street, leg)  # half a second of it
    street.over(leg)
    result = told(street, leg)
    assert result.answers_s == [pytest.approx(0.3, abs=0.05)]
    assert result.silenced_s == [pytest.approx(0.4, abs=0.05)]


def test_silence_inside_speech_and_lost_frames_are_counted() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call(STAYS)
    for at in (0.1, 0.9):
        street.until(at)
        speaks(street, leg)
    assert leg.line is not None
    leg.line.counters["31930"] += 2
    street.over(leg)
    result = told(street, leg)
    assert result.holes_s == [pytest.approx(0.3, abs=0.02)]
    assert result.frames_dropped == 2


def test_a_call_that_no_agent_took_is_refused_with_what_was_said() -> None:
    street = Street({"voice": "<Say>All lines</Say><Say>are busy.</Say><Hangup/>"})
    leg = street.call(STAYS)
    street.over(leg)
    result = told(street, leg)
    assert (result.outcome, result.why) == ("refused", "All lines are busy.")
    assert result.connected_s is result.first_audio_s is None


@pytest.mark.parametrize(
    ("verbs", "why"),
    [
        ("<Reject/>", "(rejected)"),
        ("<Reject reason='busy'/>", "(rejected)"),
        ("<Hangup/>", "(nothing was said)"),
    ],
)
def test_a_call_can_be_refused_without_a_word(verbs: str, why: str) -> None:
    street = Street({"voice": verbs})
    leg = street.call(STAYS)
    street.over(leg)
    assert (told(street, leg).outcome, told(street, leg).why) == ("refused", why)


def test_what_the_carrier_would_complain_of_is_a_failure() -> None:
    street = Street({})
    leg = street.call(STAYS)
    street.over(leg)
    result = told(street, leg)
    assert result.outcome == "failed"
    assert "HTTP 404" in result.why


def test_an_upgrade_that_is_not_taken_is_a_failure() -> None:
    street = Street({"voice": MEDIA}, takes=31920)
    leg = street.call(STAYS)
    street.over(leg)
    assert (told(street, leg).outcome, told(street, leg).why) == ("failed", "31920: no")


def test_a_broken_rule_of_the_carrier_is_a_failure() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call([Pause(1.0)])
    street.until(0.1)
    street.say(leg, {"event": "shout"})
    speaks(street, leg)
    street.over(leg)
    result = told(street, leg)
    assert result.outcome == "failed"
    assert result.why.startswith("31951: ")


def test_an_agent_that_leaves_is_a_failure_and_a_lost_stream() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call([WaitForAgent(), Say(CLIP), WaitForAgent()])
    street.until(0.1)
    speaks(street, leg)
    street.until(2.0)
    street.lose()
    street.over(leg)
    result = told(street, leg)
    assert (result.outcome, result.streams_lost) == ("failed", 1)
    assert "the service closed the connection" in result.why


def test_a_stream_that_is_lost_and_comes_back_is_no_failure() -> None:
    street = Street({"voice": f"{MEDIA}<Redirect>/again</Redirect>", "again": MEDIA})
    leg = street.call([WaitForAgent(), Leave()])
    street.until(0.1)
    street.lose(None)
    street.until(0.3)
    speaks(street, leg)
    street.over(leg)
    result = told(street, leg)
    assert (result.outcome, result.streams_lost) == ("well", 1)


def test_an_apology_after_the_stream_is_no_agent() -> None:
    street = Street({"voice": f"{MEDIA}<Say>We are sorry.</Say>"})
    leg = street.call(STAYS)
    street.until(0.1)
    street.lose()
    street.over(leg)
    result = told(street, leg)
    assert leg.report().first_audio_s is not None
    assert (result.outcome, result.connected_s, result.first_audio_s) == ("failed", 0.0, None)


def test_an_agent_who_never_speaks_has_failed() -> None:
    street = Street({"voice": MEDIA})
    leg = street.call(STAYS)
    street.until(5.0)
    hang_up(street, leg)
    assert (told(street, leg).outcome, told(street, leg).why) == ("failed", "no agent was heard")
    assert told(street, leg, cut_short=True).outcome == "well"


def test_a_webhook_that_never_answers_has_failed() -> None:
    street = Street(lambda _: None)
    leg = street.call(STAYS)
    street.until(5.0)
    hang_up(street, leg)
    assert told(street, leg).why == "the webhook was not answered"
    assert told(street, leg, cut_short=True).outcome == "well"


def test_lateness_is_counted_in_steps() -> None:
    late = Lateness()
    late.add([0.00005, 0.00015, 0.00025, 0.9])
    assert late.n == 4
    assert late.mean_s == pytest.approx(0.225, abs=0.001)
    assert late.percentile_s(25) == pytest.approx(0.0001)
    assert late.percentile_s(50) == pytest.approx(0.0002)
    assert late.percentile_s(75) == pytest.approx(0.0003)
    assert late.percentile_s(99) == late.largest_s == 0.9
    assert len(late.steps) == LATE_STEPS


def test_no_percentile_is_above_the_latest() -> None:
    late = Lateness()
    late.add([0.00001])
    assert late.percentile_s(50) == 0.00001


def test_nobody_late_is_nothing_late() -> None:
    assert Lateness().mean_s == Lateness().percentile_s(99) == 0.0


def test_the_lateness_of_processes_is_joined() -> None:
    one, two, both = Lateness(), Lateness(), Lateness()
    one.add([0.001, 0.003])
    two.add([0.5])
    both.add([0.001, 0.003, 0.5])
    one.join(two)
    assert one == both

"""The phone goes and comes back: what is heard of it, kept and told to the model."""

import numpy as np
import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import HangUp, Outcome, SaveAudio, StepAside
from agent.call.idle import IdlePolicy
from agent.call.limits import MEDIA_S
from agent.call.phone_side import MISSED_S, PATIENCE_S
from tests.call.line import opened
from tests.call.phone import WAITS, talking


@pytest.mark.parametrize("away_s", [0.1, 0.7, 5.0, 19.0])
def test_what_was_not_heard_is_played_on_the_next_stream_and_nothing_twice(away_s: float) -> None:
    line = talking()
    line.break_phone()
    assert line.performed(StepAside) == [StepAside()]
    assert line.call.away
    heard_s = line.heard_s()
    assert heard_s == pytest.approx(2.0, abs=0.1)
    line.run(away_s)
    assert line.heard_s() == heard_s
    line.come_back()
    line.run(6.0)
    assert not line.call.away
    assert line.heard_s() == pytest.approx(6.0, abs=0.06)
    assert line.carrier.violations == []
    report = line.call.report(line.now)
    assert (report.returns, report.away_s) == (1, pytest.approx(away_s, abs=0.02))
    assert report.continuity.gap_ms == pytest.approx(1000 * away_s, abs=100)
    assert report.continuity.agent_ms_cut == 0
    assert report.stream_id == line.carrier.call.stream_sid


def test_the_agent_is_heard_again_at_once() -> None:
    line = talking()
    line.break_phone()
    line.run(0.5)
    before_s = line.voice_s
    line.come_back()
    line.run(0.1)
    assert line.voice_s - before_s >= 0.2


def test_what_the_model_says_meanwhile_waits_for_the_phone() -> None:
    line = talking(2.0, at=3.0)
    line.break_phone()
    line.speak(1.5, "still there")
    line.run(5.0)
    assert line.heard_s() == pytest.approx(2.0, abs=0.05)
    line.come_back()
    line.run(2.0)
    assert line.heard_s() == pytest.approx(3.5, abs=0.08)


def test_a_line_without_media_is_given_up_and_its_last_seconds_are_said_again() -> None:
    """The caller cannot have heard what was sent after the carrier's last sign of life."""
    line = talking(12.0)
    line.break_phone(noticed=False)
    line.run(MEDIA_S + 0.1)
    assert line.performed(StepAside) == [StepAside()]
    line.come_back()
    line.run(12.0)
    assert line.heard_s() == pytest.approx(12.0, abs=0.08)


def test_nobody_is_prompted_while_the_phone_is_away() -> None:
    line = talking(1.0, at=2.0, plan=CallPlan("bella", reattach_s=60, idle=IdlePolicy(3.0)))
    line.break_phone()
    line.run(30.0)
    assert line.texts == []
    line.come_back()
    line.run(2.9)
    assert len(line.texts) == 1  # of the line that is back
    assert line.texts == [prompts.LINE_BACK]


def test_after_a_short_break_the_model_is_not_told() -> None:
    line = talking(1.0, at=2.0)
    line.break_phone()
    line.run(0.5)
    line.come_back()
    line.run(1.0)
    assert line.texts == []


def test_the_caller_s_open_sentence_ends_with_the_line() -> None:
    line = opened(WAITS)
    line.talk(3.0)
    line.run(1.0)
    assert line.call.report(line.now).continuity.caller_ms_lost == 0
    line.break_phone()
    assert line.names().count("caller.speech_ended") == 1
    assert any("audioStreamEnd" in message.get("realtimeInput", {}) for _, message in line.to_model)
    line.run(1.0)
    line.come_back()
    line.talk(1.0)
    line.run(2.5)
    assert line.names().count("caller.speech_started") == 2
    assert line.call.report(line.now).counters.get("talk.caller_gaps", 0) == 0


def test_a_newer_stream_takes_the_place_of_one_that_seems_well() -> None:
    line = talking()
    line.come_back()
    assert line.performed(StepAside) == []
    line.run(6.0)
    assert line.heard_s() == pytest.approx(6.0, abs=0.06)
    assert line.call.report(line.now).returns == 1


def test_a_stream_that_breaks_before_its_start_leaves_the_call_waiting() -> None:
    line = talking()
    line.break_phone()
    line.run(10.0)
    line.come_back()
    line.break_phone()
    line.run(9.0)
    line.come_back()
    line.come_back()
    line.run(6.0)
    assert line.heard_s() == pytest.approx(6.0, abs=0.08)
    line = talking()
    line.break_phone()
    line.run(10.0)
    line.come_back()
    line.break_phone()
    line.run(10.1)
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]


def test_a_socket_that_wakes_up_is_not_listened_to() -> None:
    line = talking()
    line.break_phone()
    assert not line.call.phone_received(b"{}", line.now)
    line.call.phone_lost(line.now)
    assert line.call.away
    assert line.call.counters == {"phone_stale": 1}


def test_the_model_may_go_and_come_back_while_the_phone_is_away() -> None:
    line = talking(3.0, at=1.0)
    line.break_phone()
    line.run(0.5)
    line.lose_model(1011)
    line.run(5.0)
    line.come_back()
    line.run(4.0)
    assert line.call.state is CallState.TALKING
    assert line.heard_s() == pytest.approx(3.0, abs=0.08)


def test_a_recording_stays_on_the_clock_while_the_phone_is_away() -> None:
    """Both sides are silent then, and what is said again lies where it was heard."""
    line = opened(CallPlan("bella", record=True, reattach_s=20))
    line.speak(4.0, "one two three four")
    line.run(2.0)
    line.break_phone()
    line.run(3.0)
    line.come_back()
    line.talk(1.0)
    line.run(5.0)
    line.hang_up()
    stereo = b"".join(effect.stereo for effect in line.performed(SaveAudio))
    caller, agent = np.frombuffer(stereo, "<i2").reshape(-1, 2).T.astype(float)
    loud = [np.flatnonzero(np.abs(side) > 300) / 8000 for side in (caller, agent)]
    assert caller.size / 8000 == pytest.approx(10.5, abs=0.1)
    assert loud[0].min() == pytest.approx(5.5, abs=0.15)  # when the phone was back
    away = (loud[1] > 2.6) & (loud[1] < 5.4)
    assert not away.any()
    assert loud[1].max() == pytest.approx(0.5 + 4.0 + 3.0, abs=0.3)


def test_who_listens_hears_that_the_line_broke() -> None:
    class Ears:
        def __init__(self) -> None:
            self.heard: list[str] = []

        def caller(self, mulaw: bytes) -> None:
            self.heard.append("caller")

        def agent(self, mulaw: bytes, at: float) -> None:
            self.heard.append("agent")

        def cleared(self, now: float) -> None:
            self.heard.append("cleared")

    line = talking()
    assert line.call.tap is None
    ears = line.call.tap = Ears()
    line.run(0.5)
    line.break_phone()
    assert set(ears.heard) == {"caller", "agent", "cleared"}
    assert ears.heard[-1] == "cleared"


def test_recording_begins_with_the_consent_also_on_a_later_stream() -> None:
    line = opened(CallPlan("bella", consent="We record.", record=True, reattach_s=20))
    line.speak(2.0, "We record.")
    line.run(1.0)
    line.break_phone()
    line.run(1.0)
    line.come_back()
    assert "recording.began" not in line.names()
    line.run(2.0)
    assert line.names().count("recording.began") == 1


def test_what_the_model_is_told_waits_for_what_the_caller_has_yet_to_hear() -> None:
    line = talking(4.0)
    line.break_phone()
    line.run(1.0)
    line.come_back("The transfer failed.")
    line.run(1.0)
    assert line.texts == []
    line.run(2.0)
    assert line.texts == ["The transfer failed."]
    assert line.heard_s() == pytest.approx(4.0, abs=0.08)


@pytest.mark.parametrize(("then", "told"), [(None, "It failed."), ("It rang.", "It rang.")])
def test_what_still_waits_when_the_phone_goes_again_is_told_when_it_is_back(
    then: str | None, told: str
) -> None:
    line = talking(9.0)
    line.break_phone()
    line.run(1.0)
    line.come_back("It failed.")
    line.run(1.0)
    line.break_phone()
    line.run(PATIENCE_S)
    assert line.texts == [], "nobody would hear what the model says to it"
    line.come_back(then)
    line.run(2.0)
    assert line.texts == []
    line.run(7.0)
    assert line.texts == [told]


def test_that_the_line_is_back_does_not_take_the_place_of_what_still_waits() -> None:
    line = opened(WAITS)
    line.talk(1.0)
    line.run(1.0)
    line.break_phone()
    line.run(0.5)
    line.come_back("It failed.")
    line.run(0.5)
    assert line.texts == [], "the caller waits for an answer"
    line.break_phone()
    line.run(MISSED_S + 1.0)
    line.come_back()
    line.run(0.1)
    line.speak(1.0, "Yes.")
    line.run(4.0)
    assert line.texts == ["It failed."]


def test_what_was_told_before_the_phone_went_again_is_not_told_twice() -> None:
    line = talking(4.0)
    line.break_phone()
    line.run(1.0)
    line.come_back("It failed.")
    line.run(6.0)
    line.speak(1.0, "I am sorry.")
    line.run(3.0)
    line.break_phone()
    line.run(0.5)
    line.come_back()
    line.run(3.0)
    assert line.texts == ["It failed."]


@pytest.mark.parametrize(("tell", "told"), [(None, True), ("", False)])
def test_a_call_that_stepped_aside_on_purpose_may_come_back_without_a_word(
    tell: str | None, told: bool
) -> None:
    line = opened(WAITS)
    line.run(0.5)
    assert line.step_aside(60.0)
    line.run(5.0)
    line.come_back(tell)
    line.run(1.0)
    assert (prompts.LINE_BACK in line.texts) is told

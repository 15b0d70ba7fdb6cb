"""What the phone says and does: also a call without its phone, which goes and comes back."""

import base64
import json

import numpy as np
import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import HangUp, Outcome, SaveAudio, StepAside
from agent.call.flood import MOST_IN_WINDOW
from agent.call.idle import IdlePolicy
from agent.call.limits import MEDIA_S
from agent.call.phone_side import MOST_MALFORMED
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import Line, content, opened

WAITS = CallPlan("bella", reattach_s=20.0)


def talking(seconds: float = 6.0, at: float = 2.0, plan: CallPlan = WAITS) -> Line:
    """A call whose agent has been heard for `at` seconds of an utterance."""
    line = opened(plan)
    line.speak(seconds, "one two three four five six")
    line.run(at + 0.06)
    return line


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


def test_without_the_plan_s_leave_a_call_ends_with_its_socket() -> None:
    line = talking(plan=CallPlan("bella"))
    line.break_phone()
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]
    assert line.performed(StepAside) == []


def test_a_phone_that_does_not_come_back_ends_the_call() -> None:
    line = talking()
    line.break_phone()
    line.run(19.9)
    assert line.call.state is CallState.TALKING
    line.run(0.2)
    assert line.performed(HangUp) == [HangUp(Outcome.PHONE_LOST)]
    assert line.call.next_timer() is None


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


def test_a_call_steps_aside_after_what_is_being_said() -> None:
    line = talking(3.0)
    assert line.step_aside(60.0)
    assert not line.step_aside(60.0)
    line.run(0.5)
    assert not line.call.away
    line.run(1.0)
    assert line.call.away
    assert line.heard_s() == pytest.approx(3.0, abs=0.05)
    assert line.entry("phone.left") == {"wanted": True}
    line.run(30.0)
    line.come_back("The transfer failed: busy.")
    line.run(0.2)
    assert line.texts == ["The transfer failed: busy."]
    assert not line.call.away


def test_what_is_to_be_told_waits_until_the_caller_has_heard_what_was_kept_for_him() -> None:
    line = talking(1.0)
    line.step_aside(60.0)
    line.run(1.0)
    line.speak(1.5, "your table is booked")
    line.run(3.0)
    line.come_back("The transfer failed: busy.")
    line.run(1.0)
    assert line.texts == []
    line.run(1.0)
    assert line.texts == ["The transfer failed: busy."]
    assert line.heard_s() == pytest.approx(2.5, abs=0.1)


def test_a_call_in_which_nobody_speaks_steps_aside_at_once() -> None:
    line = opened(WAITS)
    line.step_aside(60.0)
    line.run(0.1)
    assert line.call.away


def test_a_call_steps_aside_after_the_words_that_are_about_to_be_said() -> None:
    line = opened(WAITS)
    line.step_aside(60.0, after_words=True)
    line.run(2.0)
    assert not line.call.away
    line.speak(1.5, "I will connect you now.")
    line.run(1.4)
    assert not line.call.away
    line.run(0.4)
    assert line.call.away
    assert line.heard_s() == pytest.approx(1.5, abs=0.05)


def test_words_that_do_not_come_are_waited_for_six_seconds() -> None:
    line = opened(WAITS)
    line.step_aside(60.0, after_words=True)
    line.run(5.9)
    assert not line.call.away
    line.run(2.5)
    assert line.call.away


def test_a_long_speech_is_heard_for_ten_seconds_at_most_and_its_rest_later() -> None:
    line = opened(WAITS)
    line.speak(20.0, "a long story", speed=40.0)
    line.run(1.0)
    line.step_aside(60.0)
    line.run(14.0)
    assert line.call.away
    line.come_back()
    line.run(15.0)
    assert line.heard_s() == pytest.approx(20.0, abs=0.1)


def test_a_call_that_stepped_aside_ends_as_it_was_told_to() -> None:
    line = opened(WAITS)
    line.step_aside(5.0, then=Outcome.TRANSFERRED)
    line.run(5.2)
    assert line.performed(HangUp) == [HangUp(Outcome.TRANSFERRED)]


def test_a_socket_that_breaks_while_the_last_words_are_said_may_still_come_back() -> None:
    line = talking(4.0)
    line.step_aside(60.0, then=Outcome.TRANSFERRED)
    line.run(0.5)
    line.break_phone()
    line.run(30.0)
    line.come_back()
    line.run(2.0)
    assert line.heard_s() == pytest.approx(4.0, abs=0.08)


def test_an_end_that_was_begun_goes_on_when_the_phone_is_back() -> None:
    line = talking(5.0, at=1.0)
    line.model({"toolCall": {"functionCalls": [{"id": "e", "name": "end_call", "args": {}}]}})
    line.run(1.0)
    assert line.call.state is CallState.ENDING
    line.break_phone()
    line.run(10.0)
    assert line.call.state is CallState.ENDING
    line.come_back()
    line.run(5.0)
    assert line.heard_s() == pytest.approx(5.0, abs=0.08)
    assert line.performed(HangUp) == [HangUp(Outcome.AGENT_ENDED)]


def test_an_end_whose_phone_does_not_come_back_keeps_its_reason() -> None:
    line = talking(5.0, at=1.0)
    line.model({"toolCall": {"functionCalls": [{"id": "e", "name": "end_call", "args": {}}]}})
    line.run(1.0)
    line.break_phone()
    line.run(20.1)
    assert line.performed(HangUp) == [HangUp(Outcome.AGENT_ENDED)]


@pytest.mark.parametrize("outcome", [Outcome.SHUTDOWN, Outcome.OPERATOR, Outcome.TRANSFERRED])
def test_a_call_without_its_phone_is_ended_on_the_spot(outcome: Outcome) -> None:
    line = talking()
    line.break_phone()
    line.finish(outcome)
    assert line.performed(HangUp) == [HangUp(outcome)]
    assert line.call.report(line.now).continuity.agent_ms_cut == 0


def test_a_caller_who_hung_up_elsewhere_is_not_spoken_to() -> None:
    line = talking()
    line.finish(Outcome.CALLER_HUNG_UP)
    assert line.performed(HangUp) == [HangUp(Outcome.CALLER_HUNG_UP)]


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


def test_a_call_that_is_over_takes_no_phone_back() -> None:
    line = talking()
    line.hang_up()
    assert not line.step_aside(60.0)
    line.call.phone_back(MediaStream(), line.now)
    assert line.performed(HangUp) == [HangUp(Outcome.CALLER_HUNG_UP)]
    assert line.call.report(line.now).returns == 0


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


def test_a_model_that_is_lost_meanwhile_is_apologised_for_when_the_phone_is_back() -> None:
    line = talking(1.0, at=2.0)
    line.break_phone()
    line.refusals = 1000
    line.lose_model(1011)
    line.run(15.0)
    line.come_back()
    assert not line.performed(HangUp)
    line.run(40.0)
    assert "cover.apology" in line.names()
    assert line.performed(HangUp) == [HangUp(Outcome.MODEL_LOST)]


# What each message of the leg comes to.


def test_a_message_that_only_fills_a_packet_comes_to_nothing() -> None:
    line = opened(WAITS)
    line.run(0.02)
    came = []
    for number in range(4):
        text = line.carrier._texts.media(600 + 20 * number, base64.b64encode(b"\xff" * 160))
        came.append(line.call.phone_received(text, line.now))
    assert sorted(came) == [False, False, True, True]


def test_malformed_messages_are_borne_up_to_a_limit() -> None:
    line = opened(WAITS)
    for _ in range(MOST_MALFORMED - 1):
        assert line.call.phone_received(b"{", line.now)
    assert line.call.state is CallState.TALKING
    assert line.call.phone_received(b"{", line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL
    assert line.call.counters == {"phone_malformed": MOST_MALFORMED}


def test_counters_of_all_legs_are_added_up() -> None:
    line = talking()
    line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    line.break_phone()
    line.come_back()
    line.run(0.1)
    line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    assert line.call.report(line.now).counters["phone.unknown_event"] == 2


def test_sound_that_we_cannot_carry_ends_the_call() -> None:
    line = Line(WAITS)
    start = json.loads(line.carrier._texts.start())
    start["start"]["mediaFormat"]["sampleRate"] = 16000
    line.call.phone_received(json.dumps(start), line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL


def test_a_key_keeps_its_place_behind_what_was_said_before_it() -> None:
    line = opened(WAITS)
    line.talk(0.5)
    line.run(0.53)
    sent = len(line.audio_to_model)
    line.carrier.press("5")
    line._carry()
    assert len(line.audio_to_model) == sent + 1
    assert line.names()[-1] == "dtmf"


def test_a_cut_by_our_own_ears_moves_the_timer() -> None:
    line = opened(CallPlan("bella", barge_in="local"))
    line.speak(5.0, "a long answer")
    line.run(1.0)
    line.talk(2.0)
    line.run(1.0)
    assert line.names().count("barge_in") == 1


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


def test_a_call_that_ends_is_told_nothing_when_its_phone_is_back() -> None:
    line = talking(5.0, at=1.0)
    line.call.finish("operator", line.now)
    line.break_phone()
    line.run(3.0)
    line.come_back("The transfer failed.")
    line.run(1.0)
    assert line.texts == []


def test_what_is_said_before_the_greeting_waits_for_it() -> None:
    line = opened(CallPlan("bella", greeting="Hi.", shield_s=8.0))
    line.run(1.0)
    assert line.audio_to_model == []
    line.speak(1.0, "Hi.")
    line.run(1.0)
    assert sum(n for _, n in line.audio_to_model) == pytest.approx(2.5 * 16_000, rel=0.1)


def test_a_flood_of_messages_ends_the_call() -> None:
    line = opened(WAITS)
    for _ in range(MOST_IN_WINDOW + 60):
        line.call.phone_received(b'{"event": "unheard-of"}', line.now)
    assert line.call.outcome is Outcome.PHONE_PROTOCOL
    assert line.call.counters == {"phone_flood": 1}


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


def test_a_mark_that_a_clear_brings_back_is_no_sign_of_having_been_heard() -> None:
    line = opened(WAITS)
    line.talk(2.0)
    line.run(0.5)
    line.speak(0.2, "Yes.", speed=50.0)
    line.run(0.1)
    line.model(content(interrupted=True))
    line.run(0.5)
    assert line.carrier.counters["clear"] == 1
    assert line.entry("agent.audio_ended")["cut"]

"""How whole calls end: by either side, by a model or a phone that fails, or from outside."""

import json

import pytest

from agent.call.core import Call, CallPlan, CallState
from agent.call.effects import CloseModel, HangUp, OpenModel, Outcome
from agent.call.phone_side import MOST_MALFORMED
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession, MovePolicy
from agent.gemini.session_events import Loss
from agent.gemini.setup import SetupOptions, build_setup
from agent.telephony.leg import Heard, LegEvent
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import BEGAN, GREETING, MODEL, Line, audio, content, opened, tool_call


def test_end_call_lets_the_last_words_play_out() -> None:
    line = opened()
    line.model(audio(2.0, "Goodbye then."), tool_call(("c1", "end_call")))
    assert line.responses[0]["name"] == "end_call"
    line.model(content(turnComplete=True))
    line.run(5.0)
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert line.carrier.line.n_cut == 0
    assert line.carrier.line.n_received >= 2.0 * 8000
    at, effect = line.effects[-1]
    assert effect == HangUp(Outcome.AGENT_ENDED)
    assert at == pytest.approx(BEGAN + 0.5 + 2.0, abs=0.1)
    assert line.performed(CloseModel) == [CloseModel(1, 1000, "")]


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.15, 0.35, 0.7, 1.1, 2.0, 3.3])
def test_the_caller_may_hang_up_at_any_point(seconds: float) -> None:
    line = Line(GREETING)
    line.after(0.4, lambda: line.speak(2.0, "Hello there."))
    line.after(1.0, lambda: line.model(tool_call(("c1", "book"))))
    line.run(seconds)
    line.hang_up()
    expected = Outcome.PHONE_LOST if line.call.state is CallState.NEW else Outcome.CALLER_HUNG_UP
    assert line.call.outcome in {expected, Outcome.CALLER_HUNG_UP, Outcome.PHONE_LOST}
    assert isinstance(line.effects[-1][1], HangUp)
    assert len(line.performed(HangUp)) == 1
    assert line.call.next_timer() is None
    before = len(line.effects)
    line.run(5.0)
    assert len(line.performed(HangUp)) == 1
    assert all(isinstance(e, CloseModel) for _, e in line.effects[before:])
    assert line.call.report(line.now).continuity.agent_ms_cut == 0


def test_a_model_that_refuses_for_good_ends_the_call_with_an_apology() -> None:
    line = Line(GREETING, answers=False)
    line.run(0.2)
    assert line.performed(OpenModel) == [OpenModel(1)]
    line.lost(1, Loss(None, "forbidden", http_status=403, retryable=False))
    line.run(0.1)
    assert line.call.outcome is None
    line.run(2.0)
    assert line.names()[-3:] == ["call.ending", "cover.apology", "call.ended"]
    assert line.voice_s > 0.2
    assert line.call.outcome == Outcome.MODEL_LOST
    report = line.call.report(line.now)
    assert report.model_loss is not None
    assert report.model_loss.startswith("dial: ")
    assert report.ready_s is None


def test_a_model_that_never_answers_the_dial_is_waited_for_as_long_as_the_session_s_budget() -> (
    None
):
    line = Line(GREETING, answers=False)
    line.run(29.0)
    assert line.call.outcome is None
    assert "cover.phrase" in line.names()
    line.run(20.0)
    assert line.call.outcome == Outcome.MODEL_LOST
    assert "cover.apology" in line.names()


def test_a_model_that_dies_for_good_mid_reply_is_heard_as_far_as_it_came() -> None:
    line = opened(moves=MovePolicy(moves=False))
    line.speak(3.0, complete=False)
    line.run(1.0)
    line.lose_model()
    assert line.call.outcome is None
    line.run(4.0)
    assert line.call.outcome == Outcome.MODEL_LOST
    assert line.carrier.line.n_cut == 0
    assert line.carrier.line.n_received >= 3.0 * 8000
    assert line.entry("model.lost")["code"] == 1011


def test_a_model_that_sends_garbage_is_lost_after_a_while() -> None:
    line = opened(moves=MovePolicy(moves=False))
    for _ in range(10):
        line.raw(b"{garbage")
    line.run(2.0)
    assert line.call.outcome == Outcome.MODEL_LOST
    assert line.call.report(line.now).counters["model.malformed"] == 10


def test_a_model_that_says_nothing_at_all_ends_the_call_without_a_goodbye() -> None:
    line = opened()
    line.run(60.0)
    assert line.call.outcome == Outcome.MODEL_SILENT
    said = set(line.typed)
    assert said == {'The caller has been silent for a while. Say exactly: "Are you still there?"'}
    assert line.names()[-2:] == ["cover.apology", "call.ended"]


def test_garbage_from_the_phone_is_survived_up_to_a_limit() -> None:
    line = opened()
    for _ in range(MOST_MALFORMED - 1):
        line.call.phone_received("{nonsense", line.now)
    assert line.call.state is CallState.TALKING
    line.call.phone_received(b"\xff\x00", line.now)
    line.run(0.1)
    assert line.call.outcome == Outcome.PHONE_PROTOCOL
    line.call.phone_received("{more", line.now)
    assert line.call.counters["phone_malformed"] == MOST_MALFORMED


def test_a_stream_of_another_format_is_refused() -> None:
    stream = MediaStream()
    setup = build_setup(SetupOptions(model=MODEL))
    call = Call(CallPlan("b"), stream, LiveSession(setup, profile_for(MODEL, "developer")), 0.0)
    start = {
        "accountSid": "AC1",
        "streamSid": "MZ1",
        "callSid": "CA1",
        "mediaFormat": {"encoding": "audio/l16", "sampleRate": 16000, "channels": 1},
    }
    call.phone_received(json.dumps({"event": "start", "start": start}), 0.0)
    assert call.effects(0.0) == [HangUp(Outcome.PHONE_PROTOCOL)]
    assert call.effects(0.1) == []


def test_a_phone_that_never_starts_a_stream_is_dropped() -> None:
    setup = build_setup(SetupOptions(model=MODEL))
    session = LiveSession(setup, profile_for(MODEL, "developer"))
    call = Call(CallPlan("b"), MediaStream(), session, 7.0)
    assert call.next_timer() == 12.0
    call.handle_timer(12.0)
    assert call.effects(12.0) == [HangUp(Outcome.PHONE_PROTOCOL)]
    assert call.next_timer() is None
    assert call.report(20.0).duration_s == 0.0


def test_what_the_model_says_after_the_end_is_ignored() -> None:
    line = opened()
    line.call.phone_lost(line.now)
    line.call.model_received(1, json.dumps(audio(1.0, "Hello?")), line.now)
    assert line.call.report(line.now).turn_count == 0


def test_finish_plays_out_what_is_being_said_but_takes_nothing_more() -> None:
    line = opened()
    line.speak(2.0, complete=False)
    line.run(0.6)
    line.call.finish("shutdown", line.now)
    line.model(audio(1.0))
    line.run(3.0)
    assert line.call.outcome == Outcome.SHUTDOWN
    assert line.call.report(line.now).continuity.agent_ms_cut == 1000


def test_an_outcome_that_is_not_one_is_our_own_bug() -> None:
    with pytest.raises(ValueError, match="bored"):
        opened().call.finish("bored", 1.0)


def test_media_in_the_same_breath_as_the_end_is_ignored() -> None:
    class Leg(MediaStream):
        def closed(self) -> list[LegEvent]:
            return [*super().closed(), Heard(b"\xff" * 160, 0)]

    setup = build_setup(SetupOptions(model=MODEL))
    session = LiveSession(setup, profile_for(MODEL, "developer"))
    call = Call(CallPlan("b", uplink_ms=20), Leg(), session, 0.0)
    call.phone_lost(0.0)
    assert call.effects(0.0) == [HangUp(Outcome.PHONE_LOST)]


def test_after_a_beep_the_call_ends_with_a_message() -> None:
    line = opened()
    line.call.leave_message("Call us.", line.now)
    assert line.call.state is CallState.ENDING
    line.run(12.0)
    assert line.call.outcome is Outcome.MACHINE

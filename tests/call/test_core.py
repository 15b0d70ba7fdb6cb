"""Whole calls in virtual time, over the real leg, session and carrier stand-in."""

import json
from decimal import Decimal

import pytest

from agent.call.core import Call, CallPlan, CallState
from agent.call.cost import CallPrices, CarrierPrices
from agent.call.effects import (
    CancelTools,
    CloseModel,
    HangUp,
    OpenModel,
    Outcome,
    RunTool,
)
from agent.call.idle import IdlePolicy
from agent.call.phone_side import MOST_MALFORMED
from agent.gemini.profiles import profile_for
from agent.gemini.session import LiveSession, MovePolicy
from agent.gemini.session_events import Loss
from agent.gemini.setup import SetupOptions, build_setup
from agent.telephony.leg import Heard, LegEvent
from agent.telephony.twilio.stream import MediaStream
from tests.call.line import BEGAN, MODEL, Line, audio, content, opened, tool_call

GREETING = CallPlan("bella", greeting="Bella Vista, hello.")


def test_the_greeting_is_asked_for_once_and_heard_by_the_caller() -> None:
    line = opened(GREETING)
    assert line.texts == ['Greet the caller now. Say exactly: "Bella Vista, hello."']
    line.speak(1.2, "Bella Vista, hello.")
    line.run(2.0)
    assert line.names() == [
        "call.started",
        "model.ready",
        "agent.audio_started",
        "agent.said",
        "agent.audio_ended",
    ]
    assert line.voice_s == pytest.approx(1.2, abs=0.05)
    assert not line.carrier.violations


def test_caller_audio_goes_to_the_model_without_a_hole_from_the_first_frame() -> None:
    line = opened()
    line.run(1.5)
    samples = sum(n for _, n in line.audio_to_model)
    assert samples == pytest.approx(2.0 * 16000, abs=1400)  # what came before ready included


def test_a_question_is_answered_and_its_latency_is_known() -> None:
    line = opened()
    line.talk(1.0)
    line.run(1.6)
    line.model(content(inputTranscription={"text": " a table please"}))
    line.speak(1.0, "Certainly.")
    line.run(2.0)
    report = line.call.report(line.now)
    (turn,) = report.turns
    assert turn.answers_caller
    assert turn.caller_text == "a table please"
    assert turn.agent_text == "Certainly."
    assert turn.latency_s == pytest.approx(0.6, abs=0.06)
    assert report.latency_median_s == report.latency_worst_s == turn.latency_s
    assert report.continuity.dead_air_ms == pytest.approx(600, abs=60)


@pytest.mark.parametrize("mode", ["model", "local", "both"])
def test_a_barge_in_silences_the_agent_within_200_ms(mode: str) -> None:
    line = opened(CallPlan("bella", barge_in=mode))  # type: ignore[arg-type]
    line.speak(8.0, " ".join(["word"] * 24))
    line.run(2.0)
    line.talk(2.0)
    began = line.now
    if mode == "model":
        line.after(0.3, lambda: line.model(content(interrupted=True), content(turnComplete=True)))
    line.run(1.0)
    cut = next(e for e in line.call.timeline if e.name == "barge_in")
    assert cut.values["by"] == ("model" if mode == "model" else "local")
    assert BEGAN + cut.t - began < 0.5
    assert line.carrier.counters["clear"] == 1
    heard = line.carrier.line.n_received - line.carrier.line.n_cut
    assert heard / 8000 == pytest.approx(cut.values["heard_s"], abs=0.05)
    line.run(0.5)
    report = line.call.report(line.now)
    assert report.barge_ins == 1
    assert 0 < len(report.turns[0].agent_text) < 40
    assert report.continuity.agent_ms_cut == 0


def test_after_a_local_barge_in_the_rest_of_the_turn_is_dropped_and_the_next_one_played() -> None:
    line = opened(CallPlan("bella", barge_in="both"))
    line.speak(3.0, speed=1.2, complete=False)
    line.run(0.8)
    line.talk(1.0)
    line.run(0.6)
    assert line.call.report(line.now).barge_ins == 1
    cut_at = line.carrier.line.n_received
    line.run(1.2)
    assert line.carrier.line.n_received == cut_at
    line.model(content(interrupted=True), content(turnComplete=True))
    line.speak(1.0)
    line.run(1.5)
    assert line.carrier.line.n_received == pytest.approx(cut_at + 8000, abs=320)
    assert line.call.report(line.now).barge_ins == 1


def test_a_tool_runs_and_its_answer_goes_to_the_model() -> None:
    line = opened()
    line.model(audio(0.4, "One moment."), tool_call(("c1", "book")))
    (run,) = line.performed(RunTool)
    assert (run.id, run.name, run.args) == ("c1", "book", {})
    line.run(1.0)
    line.finish_tool("c1", output="booked")
    assert line.responses == [{"id": "c1", "name": "book", "response": {"output": "booked"}}]
    line.speak(0.6, "Booked.")
    line.run(2.0)
    report = line.call.report(line.now)
    assert [(t.name, t.state, t.turn) for t in report.tools] == [("book", "answered", 1)]
    assert report.turn_count == 1
    assert report.continuity.gap_ms == 0  # the wait for the function is no hole in an utterance


def test_a_cancelled_tool_is_stopped_and_never_answered() -> None:
    line = opened()
    line.model(tool_call(("c1", "book")), {"toolCallCancellation": {"ids": ["c1"]}})
    assert line.performed(CancelTools) == [CancelTools(("c1",))]
    line.finish_tool("c1", output="booked")
    assert not line.responses
    assert line.call.report(line.now).counters["tool.dropped"] == 1


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


def test_without_the_tool_end_call_is_a_function_like_any_other() -> None:
    line = opened(CallPlan("bella", end_call_tool=False))
    line.model(tool_call(("c1", "end_call")))
    assert [run.name for run in line.performed(RunTool)] == ["end_call"]


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


def test_a_move_that_the_call_itself_wants_happens_in_the_same_breath() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.talk(1.0)
    line.run(14.0)
    times = {e.name: e.t for e in line.call.timeline}
    assert times["model.watchdog"] == times["model.leaving"]


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


def test_a_key_is_told_to_the_model_after_the_audio_before_it() -> None:
    line = opened()
    line.carrier.press("4")
    line.run(1.0)
    line.carrier.press("#")
    line.run(0.1)
    assert line.texts == ["The caller pressed these keys on the telephone: 4#"]
    assert line.entry("dtmf") == {"pii.digit": "#"}


def test_a_mark_that_comes_back_because_of_a_clear_proves_nothing() -> None:
    line = opened()
    line.speak(1.0, "Hello.")
    line.run(0.6)
    line.talk(1.0)
    line.run(0.35)
    line.model(content(interrupted=True))
    line.run(0.5)
    assert line.carrier.counters["mark"] == line.carrier.counters["clear"] == 1
    assert line.entry("agent.audio_ended")["cut"]
    assert line.call.report(line.now).turns[0].interrupted


def test_what_the_model_says_after_the_end_is_ignored() -> None:
    line = opened()
    line.call.phone_lost(line.now)
    line.call.model_received(1, json.dumps(audio(1.0, "Hello?")), line.now)
    assert line.call.report(line.now).turn_count == 0


def test_usage_and_news_of_the_session_are_kept() -> None:
    line = opened()
    usage = {"promptTokenCount": 10, "responseTokenCount": 5, "totalTokenCount": 15}
    line.model(
        {"usageMetadata": usage},
        {"usageMetadata": usage | {"promptTokenCount": 20}},
        {"goAway": {"timeLeft": "50s"}},
        {"sessionResumptionUpdate": {"newHandle": "secret", "resumable": True}},
        {"voiceActivity": {"type": "ACTIVITY_START"}},
        {"voiceActivity": {"type": "ACTIVITY_END"}},
    )
    assert line.call.report(line.now).usage.total_tokens == 40
    assert line.call.report(line.now).usage.reports == 2
    assert line.entry("model.going_away") == {"time_left_s": 50.0}
    assert "secret" not in repr(list(line.call.timeline))


def test_an_echo_of_our_own_text_is_not_taken_for_the_caller_s_words() -> None:
    line = opened(GREETING)
    (text,) = line.texts
    line.model(content(inputTranscription={"text": text}))
    line.speak(0.5, "Hello.")
    line.run(1.0)
    assert line.call.report(line.now).turns[0].caller_text == ""


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


def test_only_what_may_have_an_effect_asks_for_one() -> None:
    line = opened()
    chunk = json.dumps(audio(0.3, " word")).encode()
    asked = [line.call.model_received(1, chunk, line.now) for _ in range(6)]
    assert asked == [True, True, False, False, False, False]
    assert line.call.model_received(
        1, json.dumps(content(generationComplete=True)).encode(), line.now
    )
    line.run(4.0)
    assert line.carrier.line.n_received == pytest.approx(1.8 * 8000, abs=320)
    assert not line.carrier.line.gaps


def test_what_a_call_costs_is_known_while_it_runs() -> None:
    prices = CallPrices(carrier=CarrierPrices(Decimal("0.01")))
    line = opened(CallPlan("bella", prices=prices, idle=IdlePolicy(None, "", None)))
    assert line.call.spent(line.now) == Decimal("0.01")
    line.run(60.0)
    assert line.call.spent(line.now) == Decimal("0.02") == line.call.report(line.now).cost.total
    line.call.wrap_up(line.now)
    assert line.names()[-1] == "call.wrap_up"


def test_after_a_beep_the_call_ends_with_a_message() -> None:
    line = opened()
    line.call.leave_message("Call us.", line.now)
    assert line.call.state is CallState.ENDING
    line.run(12.0)
    assert line.call.outcome is Outcome.MACHINE

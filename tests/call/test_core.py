"""Whole calls in virtual time, over the real leg, session and carrier stand-in.

Their ends are in `test_core_ending`.
"""

import json
from decimal import Decimal

import pytest

from agent.call.core import CallPlan
from agent.call.cost import CallPrices, CarrierPrices
from agent.call.effects import CancelTools, RunTool
from agent.call.idle import IdlePolicy
from tests.call.line import BEGAN, GREETING, audio, content, opened, tool_call


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
def test_a_barge_in_silences_the_agent_and_is_known_for_what_it_cut(mode: str) -> None:
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


def test_without_the_tool_end_call_is_a_function_like_any_other() -> None:
    line = opened(CallPlan("bella", end_call_tool=False))
    line.model(tool_call(("c1", "end_call")))
    assert [run.name for run in line.performed(RunTool)] == ["end_call"]


def test_a_move_that_the_call_itself_wants_happens_in_the_same_breath() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", None)))
    line.talk(1.0)
    line.run(14.0)
    times = {e.name: e.t for e in line.call.timeline}
    assert times["model.watchdog"] == times["model.leaving"]


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

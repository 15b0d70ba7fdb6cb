"""What the caller hears while the model moves, is away, or does not come back."""

import pytest

from agent.call.core import CallPlan, CallState
from agent.call.effects import OpenModel, Outcome, RunTool
from agent.call.idle import IdlePolicy
from agent.gemini.session import MovePolicy
from tests.call.line import GREETING, Line, audio, opened, tool_call
from tests.call.seam import HANDLE, WORDS, asked, replying

GO_AWAY = {"goAway": {"timeLeft": "3s"}}


# Planned moves are not heard.


def test_a_planned_move_costs_the_caller_nothing() -> None:
    line = opened()
    line.talk(1.0)
    line.run(1.6)
    line.speak(8.0, WORDS)
    line.after(1.0, lambda: line.model(HANDLE, GO_AWAY))
    line.after(2.1, lambda: line.model(HANDLE))
    line.run(12.0)
    assert line.voice_s == pytest.approx(8.0, abs=0.1)
    assert not line.carrier.line.gaps
    assert asked(line) == []
    figures = line.call.report(line.now).continuity
    assert (figures.moves, figures.drops) == (1, 0)
    assert (figures.gap_ms, figures.caller_ms_lost, figures.agent_ms_cut) == (0, 0, 0)
    assert len(line.performed(OpenModel)) == 2


def test_after_a_planned_move_the_caller_can_still_interrupt_what_plays_on() -> None:
    line = opened()
    line.speak(8.0, WORDS)
    line.after(2.1, lambda: line.model(HANDLE, GO_AWAY))
    line.run(3.0)
    assert "model.moved" in line.names()
    line.talk(1.0)
    line.run(1.0)
    assert line.entry("barge_in")["by"] == "local"


def test_functions_outlive_a_move() -> None:
    line = opened()
    line.model(tool_call(("c1", "book")))
    line.lose_model()
    line.run(1.0)
    line.finish_tool("c1", output="booked")
    line.run(5.0)
    assert [run.id for run in line.performed(RunTool)] == ["c1"]
    assert any("booked" in text for text in line.texts)


# While there is no model.


def test_a_waiting_caller_hears_noise_at_once_then_a_phrase() -> None:
    line = opened()
    line.talk(1.0)
    line.refusals = 3
    line.run(0.7)
    line.lose_model()
    line.run(4.0)
    names = line.names()
    assert "cover.phrase" in names
    times = [e.t for e in line.call.timeline if e.name in {"caller.speech_ended", "cover.phrase"}]
    assert times[1] - times[0] <= 1.25
    assert names.count("model.move_failed") == 3
    assert "model.moved" in names
    assert line.call.report(line.now).continuity.dead_air_ms < 1200


def test_an_opening_that_takes_no_longer_than_usual_is_not_covered() -> None:
    line = opened(GREETING)
    assert line.carrier.line.n_received == 0


def test_a_model_that_does_not_come_at_all_is_covered_for() -> None:
    line = Line(GREETING, answers=False)
    line.run(2.5)
    (at,) = [e.t for e in line.call.timeline if e.name == "cover.phrase"]
    assert at == pytest.approx(1.2, abs=0.05)
    assert line.carrier.line.n_received > 1.8 * 8000


def test_a_caller_who_waits_for_nothing_hears_no_cover() -> None:
    line = opened()
    line.run(1.0)
    line.refusals = 3
    line.lose_model()
    line.run(6.0)
    assert "cover.phrase" not in line.names()
    assert line.voice_s == 0


def test_the_rest_of_a_cut_sentence_is_waited_for_with_cover() -> None:
    line = replying()
    line.refusals = 4
    line.lose_model()
    line.run(5.2)
    assert "cover.phrase" in line.names()


def test_after_the_budget_the_caller_is_told_before_the_call_ends() -> None:
    line = replying()
    line.refusals = 10**6
    line.lose_model()
    line.run(60.0)
    assert line.names()[-3:] == ["call.ending", "cover.apology", "call.ended"]
    assert line.call.outcome == Outcome.MODEL_LOST
    assert line.carrier.line.n_cut == 0


def test_no_idle_time_runs_while_there_is_no_model() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(3.0, "Hello?", 5.0)))
    line.run(2.0)
    line.refusals = 5
    line.lose_model()
    line.run(8.0)
    assert line.texts == []
    line.run(2.0)
    assert line.call.state is CallState.TALKING
    assert "model.moved" in line.names()


def test_a_call_that_is_ending_asks_for_nothing_more() -> None:
    line = opened()
    line.model(audio(2.0, "Goodbye then."), tool_call(("c1", "end_call")))
    line.lose_model()
    line.run(5.0)
    assert asked(line) == []
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert "cover.apology" not in line.names()


@pytest.mark.parametrize("moves", [True, False])
def test_a_goodbye_is_no_time_for_an_apology(moves: bool) -> None:
    line = opened(moves=MovePolicy(moves=moves))
    line.model(audio(1.0, "Goodbye."), tool_call(("c1", "book"), ("e", "end_call")))
    line.finish_tool("c1", output="booked")
    line.model(audio(0.4, "Take care"))
    line.lose_model()
    line.run(20.0)
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert "cover.apology" not in line.names()

"""What time does to a call, seen from outside: limits, silence, the end."""

import json

import pytest

from agent.call import prompts
from agent.call.core import CallPlan, CallState
from agent.call.effects import CancelTools, HangUp, Outcome
from agent.call.ending import FINISH_DRAIN_S, LIMIT_DRAIN_S
from agent.call.idle import IdlePolicy
from agent.errors import LocalProtocolError
from agent.gemini.session import MovePolicy
from tests.call.line import Line, audio, content, opened, tool_call

PATIENT = IdlePolicy(None, "", None)
IDLE = IdlePolicy(3.0, "Hello?", 5.0)
WAITS = CallPlan("b", idle=PATIENT, reattach_s=20.0)


def ended_at(line: Line) -> float:
    (at,) = [at for at, effect in line.effects if isinstance(effect, HangUp)]
    return at - 1000.0


def test_without_a_greeting_the_model_is_told_nothing() -> None:
    assert opened(CallPlan("b")).texts == []


def test_the_greeting_is_asked_for_in_the_model_s_own_way() -> None:
    line = Line(
        CallPlan("b", greeting="Hi."), model="gemini-2.5-flash-native-audio-preview-12-2025"
    )
    line.run(0.5)
    assert line.texts == [prompts.say(prompts.GREETING, "Hi.")]


def test_a_second_ready_does_not_greet_again() -> None:
    line = opened(CallPlan("b", greeting="Hi."))
    life = line.call._life
    life.ready(line.now)
    assert life.state is CallState.TALKING
    assert len(line.texts) == 1


def test_before_the_limit_the_model_is_asked_to_close_and_at_it_the_call_ends() -> None:
    line = opened(CallPlan("b", idle=PATIENT, max_call_s=30.0, wrap_up_s=20.0))
    line.run(9.0)
    line.speak(3.0, "A long answer.")
    line.run(2.0)
    assert line.texts == []  # it waits for the agent to finish
    line.run(3.0)
    assert line.texts[0] == prompts.WRAP_UP
    line.run(30.0)
    assert line.call.outcome == Outcome.LIMIT
    assert ended_at(line) == pytest.approx(30.0, abs=0.1)


def test_an_agent_that_talks_through_the_limit_is_cut_after_a_while() -> None:
    line = opened(CallPlan("b", idle=PATIENT, max_call_s=10.0, wrap_up_s=4.0))
    line.run(4.0)
    line.speak(60.0, complete=False, speed=10.0)
    line.run(4.0)
    assert line.texts[0] == prompts.WRAP_UP  # its time was up
    line.run(30.0)
    assert line.call.outcome == Outcome.LIMIT
    assert ended_at(line) == pytest.approx(10.0 + LIMIT_DRAIN_S + 2.0, abs=0.1)
    assert line.call.report(line.now).continuity.agent_ms_cut > 30_000


def test_a_leg_without_media_is_dead() -> None:
    line = opened()
    line.speak(4.0)
    line.run(1.0)
    line.carrier.state = type(line.carrier.state).CLOSED
    line.run(6.0)
    assert line.call.outcome == Outcome.PHONE_LOST
    assert line.call.report(line.now).continuity.agent_ms_cut == 0


def test_the_caller_s_hanging_up_during_the_goodbye_does_not_change_why_it_ended() -> None:
    line = opened()
    line.model(audio(2.0, "Goodbye."), tool_call(("e", "end_call")))
    line.run(0.5)
    line.hang_up()
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_end_call_before_any_word_waits_for_the_goodbye() -> None:
    line = opened()
    line.model(tool_call(("e", "end_call")), content(generationComplete=True, turnComplete=True))
    line.run(2.0)
    assert line.call.state is CallState.ENDING
    line.speak(1.0, "Goodbye.")
    line.run(3.0)
    assert line.call.outcome == Outcome.AGENT_ENDED
    assert line.carrier.line.n_received >= 8000
    assert line.carrier.line.n_cut == 0


def test_a_carrier_that_returns_marks_at_once_cuts_no_words() -> None:
    line = opened()
    line.model(audio(2.0, "Goodbye."), tool_call(("e", "end_call")), content(turnComplete=True))
    line.run(1.9)
    call = line.call
    sid = line.carrier.call.stream_sid
    mark = {"event": "mark", "streamSid": sid, "mark": {"name": "e0:t1:1"}}
    call.phone_received(json.dumps(mark), line.now)
    assert call.next_timer() == pytest.approx(1000.5 + 2.02, abs=0.001)
    assert call.outcome is None


def test_a_second_reason_to_end_does_not_replace_the_first() -> None:
    line = opened()
    line.model(tool_call(("e", "end_call")))
    line.model(tool_call(("f", "end_call")))
    line.call.finish("shutdown", line.now)
    line.run(0.1)
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_functions_that_still_run_are_cancelled_at_the_end() -> None:
    line = opened()
    line.model(tool_call(("c1", "book")))
    line.hang_up()
    kinds = [type(effect).__name__ for _, effect in line.effects[-3:]]
    assert kinds == ["CancelTools", "CloseModel", "HangUp"]
    assert line.performed(CancelTools) == [CancelTools(("c1",))]
    line.finish_tool("c1", output=1)
    assert line.call.report(line.now).counters["tool.dropped"] == 1


def test_finish_ends_at_once_what_has_not_begun_and_leaves_alone_what_has_ended() -> None:
    line = Line()
    line.call.finish(Outcome.OPERATOR, line.now)
    assert line.call.effects(line.now) == [HangUp(Outcome.OPERATOR)]
    line.call.finish(Outcome.SHUTDOWN, line.now)
    assert line.call.outcome == Outcome.OPERATOR


def test_finish_does_not_wait_for_a_long_speech() -> None:
    line = opened()
    line.speak(60.0, speed=20.0)
    line.run(4.0)
    began = line.now - 1000.0
    line.call.finish("shutdown", line.now)
    line.call.finish("operator", line.now)
    line.run(20.0)
    assert line.call.outcome == Outcome.SHUTDOWN
    assert ended_at(line) == pytest.approx(began + FINISH_DRAIN_S + 2.0, abs=0.05)


def test_a_phone_that_never_starts_its_stream_breaks_the_protocol() -> None:
    line = Line()
    line.carrier.origin += 60.0
    line.run(6.0)
    assert line.call.outcome == Outcome.PHONE_PROTOCOL


def test_the_first_end_is_the_last() -> None:
    line = opened()
    line.call._life.over(Outcome.FAILED, line.now)
    line.hang_up()
    assert line.call.outcome == Outcome.FAILED


def test_a_call_cannot_start_twice() -> None:
    line = opened()
    with pytest.raises(LocalProtocolError, match="TALKING cannot be ANSWERED"):
        line.call._life.started(line.now)


def test_a_goodbye_ends_with_the_connection_it_was_said_on() -> None:
    line = opened()
    line.model(audio(1.0, "Goodbye."), tool_call(("e", "end_call")))
    assert not line.call._life.draining
    line.lose_model()
    assert line.call._life.draining
    line.run(3.0)
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_a_model_that_comes_back_has_its_moment_for_the_goodbye() -> None:
    line = opened(moves=MovePolicy(backoff_s=(4.0,)))
    line.model(tool_call(("e", "end_call")))
    line.refusals = 1
    line.lose_model()
    line.run(8.0)
    assert line.call.outcome is None
    line.run(5.0)
    assert line.call.outcome == Outcome.AGENT_ENDED


def test_the_caller_is_on_the_line_from_the_start_to_the_end() -> None:
    line = Line(WAITS)
    assert line.call._life.lasted_s(line.now + 5) == 0
    line.run(2.0)
    assert line.call._life.lasted_s(line.now) == pytest.approx(2.0, abs=0.01)
    line.hang_up()
    assert line.call._life.lasted_s(line.now + 5) == pytest.approx(2.0, abs=0.01)


def test_a_call_is_wrapped_up_once_and_ends_for_that_reason() -> None:
    line = opened(WAITS)
    line.call.wrap_up(line.now)
    line.call.wrap_up(line.now)
    line.run(40.0)
    assert line.texts[0] == prompts.WRAP_UP
    assert line.performed(HangUp) == [HangUp(Outcome.SPENT)]
    assert line.names().count("call.wrap_up") == 1


def test_a_call_may_be_asked_to_come_to_a_close_before_its_time() -> None:
    line = Line(CallPlan("b", idle=PATIENT, wrap_up_s=10.0))
    life = line.call._life
    assert life.lasted_s(line.now) == 0.0
    life.wrap_up(Outcome.SPENT, line.now)  # there is no call yet
    line.run(5.0)
    assert life.lasted_s(line.now) == pytest.approx(5.0, abs=0.1)
    line.call.wrap_up(line.now)
    line.call.wrap_up(line.now)
    line.run(0.1)
    assert line.texts == [prompts.WRAP_UP]
    assert line.names().count("call.wrap_up") == 1
    line.run(20.0)
    assert line.call.outcome is Outcome.SPENT
    assert ended_at(line) == pytest.approx(15.0, abs=1.0)
    assert life.lasted_s(line.now + 100) == pytest.approx(ended_at(line), abs=0.2)


def test_a_goodbye_that_never_comes_is_not_waited_for_long() -> None:
    line = opened(CallPlan("b", idle=IdlePolicy(None, "", 5.0)))
    line.speak(0.4)
    line.run(13.0)
    assert line.call.outcome == Outcome.IDLE


def test_a_model_that_answers_neither_caller_nor_prompt_is_not_asked_for_a_goodbye() -> None:
    line = opened(CallPlan("b", idle=IDLE))
    line.talk(1.0)
    line.run(45.0)
    assert line.call.outcome == Outcome.MODEL_SILENT
    assert prompts.IDLE_GOODBYE not in line.texts

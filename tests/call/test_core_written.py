"""A caller who writes in place of speaking, and somebody who listens to a call."""

import pytest

from agent.call.core import CallPlan
from agent.call.effects import Outcome
from tests.call.line import Line, content, opened


class Ear:
    """A tap that keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""
        self.agent_at: list[float] = []
        self.cleared_at: list[float] = []

    def caller(self, mulaw: bytes) -> None:
        self.heard += mulaw

    def agent(self, mulaw: bytes, at: float) -> None:
        assert mulaw
        self.agent_at.append(at)

    def cleared(self, now: float) -> None:
        self.cleared_at.append(now)


def test_what_the_caller_writes_is_answered_like_what_he_says() -> None:
    line = opened()
    line.run(1.0)
    line.call.caller_wrote("A table for two.", line.now)
    line.run(0.5)
    line.speak(1.0, "For which day?")
    line.run(2.0)
    assert line.texts == ["A table for two."]
    (turn,) = line.call.report(line.now).turns
    assert (turn.caller_text, turn.agent_text) == ("A table for two.", "For which day?")
    assert turn.answers_caller
    assert turn.latency_s == pytest.approx(0.5, abs=0.06)


def test_an_echo_of_it_is_not_told_twice() -> None:
    line = opened()
    line.call.caller_wrote("A table for two.", line.now)
    line.model(content(inputTranscription={"text": "A table for two."}))
    line.speak(0.4, "Yes.")
    line.run(1.0)
    told = [e.values["pii.text"] for e in line.call.timeline if e.name == "caller.said"]
    assert told == ["A table for two."]


def test_two_texts_are_two_utterances() -> None:
    line = opened()
    line.call.caller_wrote("A table.", line.now)
    line.call.caller_wrote("For two.", line.now)
    line.speak(0.4, "Yes.")
    line.run(1.0)
    (turn,) = line.call.report(line.now).turns
    assert turn.caller_text == "A table. For two."


def test_the_latency_of_a_caller_who_also_speaks_runs_from_his_last_sound() -> None:
    line = opened()
    line.talk(2.0)
    line.run(1.0)
    line.call.caller_wrote("A table.", line.now)
    line.run(1.6)
    line.speak(0.4, "Yes.")
    line.run(1.0)
    (turn,) = line.call.report(line.now).turns
    assert turn.latency_s == pytest.approx(0.6, abs=0.1)


def test_writing_cuts_what_the_model_then_stops_saying() -> None:
    line = opened()
    line.speak(8.0, " ".join(["word"] * 24))
    line.run(2.0)
    line.call.caller_wrote("Stop.", line.now)
    line.model(content(interrupted=True), content(turnComplete=True))
    line.run(0.5)
    assert "barge_in" in line.names()


def test_nothing_is_written_before_the_talk_or_after_it() -> None:
    line = Line(CallPlan("bella"))
    line.call.caller_wrote("Hello?", line.now)
    assert line.to_model == []
    line = opened()
    line.call.finish(Outcome.OPERATOR, line.now)
    line.run(6.0)
    line.call.caller_wrote("Hello?", line.now)
    assert line.texts == []


def test_the_model_is_advised_only_while_the_call_is_under_way() -> None:
    line = Line(CallPlan("bella"))
    line.call.advise("Be brief.", line.now)
    assert line.to_model == []
    line = opened()
    line.call.advise("Be brief.", line.now)
    line.run(0.1)
    assert line.texts == ["Be brief."]
    assert line.call.report(line.now).turns == ()


def test_a_tap_hears_both_sides_from_when_it_is_there_until_it_is_gone() -> None:
    line = opened()
    line.run(1.0)
    ear = Ear()
    line.call.tap = ear
    assert line.call.tap is ear
    line.speak(8.0, " ".join(["word"] * 24))
    line.run(2.0)
    assert len(ear.heard) == pytest.approx(2.0 * 8000, abs=320)
    assert len(ear.agent_at) > 10
    assert ear.agent_at == sorted(ear.agent_at)
    line.talk(1.0)
    line.after(0.3, lambda: line.model(content(interrupted=True), content(turnComplete=True)))
    line.run(1.0)
    assert len(ear.cleared_at) == 1
    line.call.tap = None
    n = len(ear.heard)
    line.run(1.0)
    assert len(ear.heard) == n

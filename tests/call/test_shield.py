"""The greeting of a call that we placed is not cut by the first words of who answers."""

import numpy as np
import pytest

from agent.audio.pcm import Pcm16
from agent.call.core import CallPlan
from agent.call.idle import IdlePolicy
from agent.call.shield import PATIENCE_S, Shield
from tests.call.line import Line, audio, content, opened

PATIENT = IdlePolicy(None, "", None)
PLACED = CallPlan("b", greeting="Hi.", idle=PATIENT, barge_in="both", shield_s=8.0)
INTERRUPTED = content(interrupted=True)


def packets(*numbers: int) -> list[Pcm16]:
    return [np.full(4, number, np.int16) for number in numbers]


def numbers(held: list[Pcm16]) -> list[int]:
    return [int(packet[0]) for packet in held]


def test_what_the_called_says_waits_for_the_greeting_and_keeps_its_order() -> None:
    shield = Shield(5.0)
    assert shield.take(packets(1), 0.0, said=False) == []
    assert shield.take(packets(2), 1.0, said=False) == []
    assert numbers(shield.take(packets(3), 2.0, said=True)) == [1, 2, 3]
    assert not shield.holds
    assert numbers(shield.take(packets(4), 3.0, said=False)) == [4]


def test_a_greeting_is_guarded_while_it_is_heard_and_so_long() -> None:
    shield = Shield(5.0)
    assert shield.up(0.0)
    shield.began(1.0)
    shield.began(3.0)
    assert shield.up(5.9)
    assert not shield.up(6.0)
    assert numbers(shield.take(packets(1), 6.0, said=False)) == [1]


def test_a_greeting_that_was_heard_needs_no_guard() -> None:
    shield = Shield(5.0)
    shield.began(1.0)
    shield.heard()
    assert not shield.up(1.5)


def test_a_greeting_that_does_not_come_is_not_waited_for() -> None:
    shield = Shield(5.0)
    assert shield.take(packets(1), 0.0, said=False) == []
    assert numbers(shield.take(packets(2), PATIENCE_S, said=False)) == [1, 2]
    assert not shield.up(PATIENCE_S)


def test_where_nothing_is_guarded_nothing_waits() -> None:
    shield = Shield(0.0)
    assert not shield.holds
    assert not shield.up(0.0)
    assert numbers(shield.take(packets(1), 0.0, said=False)) == [1]
    assert shield.release() == []


def sent_s(line: Line) -> float:
    """How much of the caller's sound the model has got."""
    return sum(n for _, n in line.audio_to_model) / 16_000


def test_hello_does_not_cut_the_greeting() -> None:
    line = opened(PLACED)
    line.model(audio(0.5, "Good day, this"))
    line.talk(0.6)
    line.run(0.8)
    assert line.carrier.line.n_cut == 0
    assert sent_s(line) == 0, "the model would hear it and stop"
    line.model(audio(1.5, "is Bella Vista."))
    line.model(content(generationComplete=True))
    line.run(0.1)
    assert sent_s(line) > 1.2, "with the silence before it"
    line.model(INTERRUPTED)
    line.run(2.5)
    report = line.call.report(line.now)
    assert (line.carrier.line.n_cut, report.barge_ins) == (0, 0)
    assert report.continuity.caller_ms_lost == 0


def test_after_the_greeting_the_agent_can_be_interrupted() -> None:
    line = opened(PLACED)
    line.speak(0.5, "Good day.")
    line.run(1.5)
    line.model(audio(4.0, "A long story."))
    line.run(0.5)
    line.talk(1.0)
    line.run(1.0)
    assert line.call.report(line.now).barge_ins == 1


def test_a_greeting_that_the_service_stopped_all_the_same_is_gone_on_with() -> None:
    line = opened(PLACED)
    line.model(audio(1.0, "Good day, this"))
    line.run(0.2)
    line.model(INTERRUPTED, content(turnComplete=True))
    line.run(3.0)
    assert line.carrier.line.n_cut == 0
    assert len(line.texts) == 2, "it is asked to go on"


def test_a_key_takes_what_was_held_along() -> None:
    line = opened(PLACED)
    line.talk(0.4)
    line.run(0.4)
    assert sent_s(line) == 0
    line.carrier.press("5")
    line.run(0.1)
    assert sent_s(line) == pytest.approx(0.9, abs=0.1)


def test_without_a_guard_hello_reaches_the_model_at_once() -> None:
    line = Line(CallPlan("b", greeting="Hi.", idle=PATIENT))
    line.run(0.5)
    assert sent_s(line) > 0.3

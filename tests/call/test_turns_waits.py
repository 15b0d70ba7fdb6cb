"""How long the caller waits for an answer."""

import pytest

from agent.call.turns import Turns
from tests.call.turning import spoken


def test_latency_runs_from_the_caller_s_last_sound_to_the_agent_s_first() -> None:
    turns = Turns()
    turns.caller_started(0.0)
    turns.caller_stopped(1.0, agent_audible=False)
    turn = spoken(turns, 1.6)
    assert turn.latency_s is None
    assert turns.audio_sent(1, 1.7) == pytest.approx(0.7)
    assert turns.audio_sent(1, 3.0) is None
    assert turn.latency_s == pytest.approx(0.7)
    assert turns.dead_air.longest_s(99.0) == pytest.approx(0.7)


def test_an_end_of_speech_known_only_after_the_answer_began_still_gives_a_latency() -> None:
    turns = Turns()
    turns.caller_started(0.0)
    spoken(turns, 1.2)
    turns.audio_sent(1, 1.2)
    turns.caller_stopped(1.0, agent_audible=True)
    assert turns.all[0].latency_s == pytest.approx(0.2)
    assert turns.dead_air.longest_s(9.0) == pytest.approx(0.2)


def test_a_late_end_of_speech_says_nothing_about_a_turn_that_does_not_answer_it() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.audio_sent(1, 1.2)
    turns.caller_stopped(1.1, agent_audible=True)
    assert turns.all[0].latency_s is None


def test_dead_air_is_the_longest_wait_also_one_that_still_lasts() -> None:
    turns = Turns()
    assert turns.dead_air.longest_s(5.0) == 0.0
    turns.caller_stopped(1.0, agent_audible=False)
    assert turns.dead_air.longest_s(4.0) == 3.0
    turns.caller_started(5.0)
    assert turns.dead_air.longest_s(9.0) == 4.0
    turns.caller_stopped(6.0, agent_audible=True)
    assert turns.dead_air.longest_s(99.0) == 4.0


def test_what_the_caller_writes_is_an_utterance_of_its_own_from_which_latency_runs() -> None:
    turns = Turns()
    spoken(turns, 0.0)
    turns.complete(None, None, 1.0)
    turns.caller_wrote("A table.", 5.0, agent_audible=False)
    turns.caller_wrote("For two.", 6.0, agent_audible=False)
    turn = spoken(turns, 6.2)
    turns.audio_sent(turn.number, 6.5)
    assert (turn.caller_text, turn.answers_caller) == ("A table. For two.", True)
    assert turn.latency_s == 0.5


def test_a_caller_who_writes_while_speaking_has_not_finished() -> None:
    turns = Turns()
    turns.caller_started(1.0)
    turns.caller_wrote("A table.", 2.0, agent_audible=False)
    assert turns.caller_speaking

"""The talk when the model stops in the middle, for whatever reason."""

import pytest

from agent.call.bargein import BargeInMode
from agent.call.playout import Mark
from tests.call.line import voice
from tests.call.talk import Talk


def test_what_a_connection_leaves_half_said_is_played_and_its_rest_is_missing() -> None:
    t = Talk()
    t.say(0.5, "We are")
    turn = t.talk.connection_left(True, t.now)
    assert turn is not None
    assert (turn.reason, turn.agent_text) == ("cut", "We are")
    assert isinstance(t.play(1.0)[-1], Mark)
    assert t.told() == [("agent.said", "We are")]
    assert t.replies == ["We are"]
    assert t.names()[-1] == "agent.cut_short"


def test_what_a_connection_leaves_before_its_first_sound_is_no_sentence() -> None:
    t = Talk()
    assert t.talk.connection_left(True, t.now) is None
    t.talk.model_said("We", t.now)
    assert t.talk.connection_left(True, t.now) is None
    assert t.replies == [""]


@pytest.mark.parametrize("generated", [True, False])
def test_what_was_all_said_or_waited_for_a_function_is_not_cut(generated: bool) -> None:
    t = Talk()
    t.say(0.5, "We are.")
    if generated:
        t.talk.generation_complete(t.now)
    assert t.talk.connection_left(generated, t.now) is None
    assert t.told() == [("agent.said", "We are.")]
    assert t.replies == []


def test_a_turn_given_up_with_all_its_sound_is_not_missing_anything() -> None:
    t = Talk()
    t.say(0.5, "Yes.")
    t.talk.generation_complete(t.now)
    assert t.talk.give_up_turn(11.0) is None
    t.say(0.5)
    t.talk.turns.model_spoke(20.0)
    assert t.talk.give_up_turn(30.0) is not None


@pytest.mark.parametrize("mode", ["model", "both", "local"])
def test_a_phantom_interruption_leaves_the_rest_missing(mode: BargeInMode) -> None:
    t = Talk(mode)
    t.hear(0.2, silent=True)
    t.say(1.0, "A long story")
    assert t.talk.interrupted(t.now) is not None
    assert t.talk.phantoms == 1
    assert not t.talk.clear_due


def test_a_caller_heard_only_before_the_reply_has_not_interrupted_it() -> None:
    t = Talk()
    t.hear(1.0)
    t.hear(1.0, silent=True)
    t.say(4.0, "A long story")
    t.hear(0.2, silent=True)
    assert t.talk.interrupted(t.now) is not None
    assert (t.talk.phantoms, t.talk.clear_due) == (1, False)


def test_a_caller_heard_since_the_reply_began_has_interrupted_it_though_he_stopped() -> None:
    t = Talk("model")
    t.hear(0.4, silent=True)
    t.say(4.0, "A long story")
    t.hear(0.5)
    t.hear(1.5, silent=True)
    assert not t.talk.turns.caller_speaking
    assert t.talk.interrupted(t.now) is None
    assert (t.talk.barge_ins, t.talk.clear_due) == (1, True)


def test_what_a_phantom_leaves_is_interrupted_by_our_own_ears() -> None:
    t = Talk("model")
    t.hear(0.4, silent=True)
    t.say(4.0, "A long story")
    t.talk.interrupted(t.now)  # the service heard him before we did
    t.hear(0.8)
    assert t.talk.barge_ins == 1


def test_a_reply_that_is_gone_on_with_began_then() -> None:
    t = Talk()
    t.say(0.5, "We are")
    turn = t.talk.connection_left(True, t.now)
    assert turn is not None
    t.hear(1.0)
    t.hear(1.0, silent=True)
    t.talk.go_on_with(turn, t.now)
    t.say(1.0, "open")
    t.talk.interrupted(t.now)
    assert t.talk.phantoms == 1


def test_what_is_said_of_a_result_began_then() -> None:
    t = Talk("model")
    t.say(0.5, "One moment.")
    t.talk.model_pauses()
    t.talk.model_pauses()
    t.hear(1.0)
    t.hear(1.0, silent=True)
    t.say(1.0, "It is booked.")
    t.talk.interrupted(t.now)
    assert t.talk.phantoms == 1
    t.talk.model_pauses()


def test_an_interruption_when_nothing_was_said_is_nothing() -> None:
    t = Talk()
    t.hear(0.2, silent=True)
    assert t.talk.interrupted(t.now) is None
    assert (t.talk.phantoms, t.talk.barge_ins) == (0, 0)


def test_what_the_model_says_after_a_phantom_is_heard() -> None:
    t = Talk()
    t.say(4.0, "One two three four")
    t.hear(3.2, silent=True)
    t.talk.interrupted(t.now)
    t.say(1.0, "Five.")
    assert [turn.audio for turn in t.talk.turns.all] == [4 * 8000, 8000]
    assert t.talk.turns.late.dropped == 0


def test_a_phantom_after_the_last_word_leaves_nothing_missing() -> None:
    t = Talk()
    t.hear(0.2, silent=True)
    t.say(1.0, "A long story.")
    t.talk.generation_complete(t.now)
    assert t.talk.interrupted(t.now) is None
    assert t.talk.phantoms == 1


def test_what_we_said_to_the_model_interrupts_it_as_well() -> None:
    t = Talk()
    t.hear(0.2, silent=True)
    t.say(1.0, "A long story")
    assert t.talk.interrupted(t.now, asked_at=t.now) is None
    assert t.talk.clear_due


def test_what_no_service_knows_of_any_more_is_interrupted_by_our_own_ears() -> None:
    t = Talk("model")
    t.hear(0.4, silent=True)
    t.say(4.0, "A long story")
    t.talk.connection_left(True, t.now)
    t.hear(0.8)
    assert t.talk.barge_ins == 1
    t.hear(0.6, silent=True)
    t.say(4.0, "Another")
    t.hear(0.8)
    assert t.talk.barge_ins == 1  # that one is the service's to interrupt


def test_audio_that_keeps_running_out_is_held_back_into_longer_stretches() -> None:
    t = Talk()
    for now in (0.0, 1.0, 2.0):
        t.talk.model_audio(voice(0.2, 24000), now)
        assert t.play(now + 0.9, now) != []
    for now in (3.0, 3.1):
        t.talk.model_audio(voice(0.1, 24000), now)
    assert t.play(3.9, 3.1) == []
    assert t.play(6.0, 4.0) != []
    t.talk.turn_complete(None, None, 6.0)
    t.talk.model_audio(voice(0.2, 24000), 7.0)
    assert t.play(7.5, 7.0) != []  # the next turn is not

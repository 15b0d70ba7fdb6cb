"""The talk without the call around it. What is said when is in `test_core`."""

import pytest

from agent.call.bargein import BargeInMode
from agent.call.keeping import Keeping
from agent.call.playout import Mark
from agent.call.timeline import Timeline
from agent.call.turn import NOT_KEPT
from tests.call.talk import Talk


def test_words_are_told_by_turn_the_caller_s_first_and_once() -> None:
    t = Talk()
    t.talk.turns.expect_answer()
    t.say(0.4, "Yes")
    t.talk.caller_said("Can I", t.now)
    t.talk.model_said(" you can.", t.now)
    t.talk.caller_said(" book?", t.now)
    assert t.told() == []
    t.talk.generation_complete(t.now)
    t.talk.generation_complete(t.now)
    t.talk.turn_complete(None, None, t.now)
    assert t.told() == [("caller.said", "Can I book?"), ("agent.said", "Yes you can.")]


def test_the_caller_s_words_are_told_as_soon_as_they_are_answered() -> None:
    t = Talk()
    t.talk.turns.expect_answer()
    t.talk.caller_said("A table, please.", t.now)
    t.say(0.4, "For how many?")
    assert t.told() == [("caller.said", "A table, please.")]
    t.talk.caller_said(" For tonight.", t.now)
    t.talk.generation_complete(t.now)
    assert t.told() == [
        ("caller.said", "A table, please."),
        ("caller.said", "For tonight."),
        ("agent.said", "For how many?"),
    ]


def test_a_transcript_that_comes_after_its_turn_was_told_is_told_by_itself() -> None:
    t = Talk()
    t.talk.turns.expect_answer()
    t.say(0.4, "Yes.")
    t.talk.generation_complete(t.now)
    t.talk.caller_said("Can I book?", t.now)
    assert t.told() == [("agent.said", "Yes."), ("caller.said", "Can I book?")]


def test_late_output_is_neither_played_nor_told() -> None:
    t = Talk()
    t.say(0.2, "One.")
    t.talk.interrupted(t.now)
    assert t.say(0.2, "Two.") == []
    assert t.told() == []  # cut before a word was heard
    assert t.talk.turns.late.dropped == 2


def test_a_turn_without_its_end_is_told_when_it_is_given_up() -> None:
    t = Talk()
    t.say(0.4, "And so")
    t.talk.give_up_turn(11.0)
    t.talk.give_up_turn(12.0)
    assert t.told() == [("agent.said", "And so")]


def test_a_turn_that_only_rests_is_not_told_yet() -> None:
    t = Talk()
    t.say(0.2, "Let me think.")
    t.talk.turn_complete(None, "IN_PROGRESS", t.now)
    assert t.told() == []
    assert isinstance(t.talk.take(t.now + 1)[-1], Mark)


def test_the_model_s_interruption_clears_once() -> None:
    t = Talk("model")
    t.say(2.0, "A long story.")
    t.hear(0.4)
    t.talk.interrupted(t.now)
    assert t.talk.clear_due
    assert t.talk.barge_ins == 1
    t.talk.clear_due = False
    t.talk.interrupted(t.now)
    assert not t.talk.clear_due
    assert t.talk.barge_ins == 1


def test_a_turn_cut_before_it_was_heard_is_no_barge_in_and_nothing_to_clear() -> None:
    t = Talk("model")
    t.talk.model_said("Hm", t.now)
    t.talk.interrupted(t.now)
    assert t.talk.turns.all[0].interrupted
    assert t.talk.barge_ins == 0
    assert not t.talk.clear_due


def test_a_phantom_interruption_does_not_silence_the_agent_where_our_own_ears_decide() -> None:
    t = Talk("local")
    t.say(2.0, "A long story.")
    t.hear(0.2, silent=True)
    t.talk.interrupted(t.now)
    t.talk.interrupted(t.now)
    assert t.talk.phantoms == 1
    assert t.talk.playout.audible(t.now)
    assert t.told() == [("agent.said", "A long story.")]
    t.hear(1.0)
    assert t.talk.barge_ins == 1  # our own ears cut the rest


@pytest.mark.parametrize(("mode", "barge_ins"), [("model", 0), ("local", 1), ("both", 1)])
def test_our_own_ears_interrupt_where_the_tenant_wants_it(
    mode: BargeInMode, barge_ins: int
) -> None:
    t = Talk(mode)
    t.hear(0.5, silent=True)
    t.say(4.0)
    assert t.hear(0.8)
    assert t.talk.barge_ins == barge_ins


def test_last_words_are_not_cut_by_anyone() -> None:
    t = Talk("both")
    t.hear(0.5, silent=True)
    t.say(2.0, "Goodbye.")
    t.talk.last_words = True
    t.hear(0.8)
    t.talk.interrupted(t.now)
    assert t.talk.barge_ins == 0
    assert t.talk.playout.audible(t.now)


def test_the_end_tells_what_is_left_and_returns_what_was_not_heard() -> None:
    t = Talk()
    t.say(1.0, "Well, that is")
    t.talk.caller_said(" Bye.", t.now)
    t.hear(0.5, silent=True)
    assert t.talk.end(t.now) == pytest.approx(0.5, abs=0.01)
    assert t.told() == [("agent.said", "Well,"), ("caller.said", "Bye.")]


def test_the_end_of_a_silent_call_tells_nothing() -> None:
    t = Talk()
    assert t.talk.end(1.0) == 0
    assert t.names() == []


def test_a_caller_who_ends_the_call_hears_no_more_of_what_was_being_said() -> None:
    t = Talk()
    t.say(2.0, "We are open from nine.")
    t.talk.caller_ends(0.1)
    assert t.talk.clear_due
    assert not t.talk.playout.queued
    assert t.names()[-1] == "barge_in"


def test_what_the_caller_writes_is_told_with_its_answer() -> None:
    t = Talk()
    t.talk.caller_wrote("A table for two.", t.now)
    t.say(0.4, "For which day?")
    t.talk.generation_complete(t.now)
    assert t.told() == [("caller.said", "A table for two."), ("agent.said", "For which day?")]


@pytest.mark.parametrize("paused", [True, False])
def test_words_that_nobody_answered_are_kept_unless_there_is_a_pause(paused: bool) -> None:
    keeping = Keeping(Timeline(0.0), records=False, tells=False, longest_pause_s=60.0)
    if paused:
        keeping.pause(0.0)
    t = Talk(keeping=keeping)
    t.talk.turns.expect_answer()
    t.talk.caller_said("It is 4929.", t.now)

    t.talk.end(t.now)

    assert t.told() == [("caller.said", NOT_KEPT if paused else "It is 4929.")]


def test_a_greeting_behind_a_shield_is_cut_by_nobody() -> None:
    t = Talk(shield_s=8.0)
    assert not t.talk.opening.said
    t.say(4.0, "Good day, this is Bella Vista.")
    assert not t.talk.opening.said
    t.hear(1.0)
    t.talk.generation_complete(t.now)
    assert t.talk.opening.said
    assert t.talk.interrupted(t.now) is None
    assert (t.talk.barge_ins, t.talk.phantoms, t.talk.clear_due) == (0, 0, False)


def test_a_greeting_that_stops_behind_its_shield_is_to_be_gone_on_with() -> None:
    t = Talk(shield_s=8.0)
    t.say(1.0, "Good day, this")
    turn = t.talk.interrupted(t.now)
    assert turn is not None
    assert turn.number == 1
    assert t.talk.opening.said


def test_once_the_greeting_was_heard_there_is_no_shield() -> None:
    t = Talk(shield_s=60.0)
    items = t.say(0.4, "Good day.")
    t.talk.generation_complete(t.now)
    items += t.play(2.0)
    marks = [item.name for item in items if isinstance(item, Mark)]
    assert t.talk.shield.up(2.0)
    for name in marks:
        t.talk.marked(name, 2.0)
    assert not t.talk.shield.up(2.0)


def test_a_line_that_breaks_ends_what_was_audible_and_needs_no_clear() -> None:
    t = Talk()
    t.say(1.0)
    t.talk.clear_due = True
    t.n_frames = 10
    t.talk.line_broke(t.now, t.now)
    assert not t.talk.clear_due
    [ended] = [entry for entry in t.timeline if entry.name == "agent.audio_ended"]
    assert ended.values == {"id": "e0:t1:1", "cut": True}
    assert t.talk.take(t.now) == []


def test_a_mark_that_nobody_waits_for_tells_nothing() -> None:
    t = Talk()
    t.say(0.4, "Good day.")
    t.talk.marked("e0:t9:9", t.now)
    assert "agent.audio_ended" not in t.names()


def test_while_digits_are_dialled_nobody_cuts_what_the_caller_hears() -> None:
    t = Talk()
    t.hear(0.5, silent=True)
    t.say(2.0, "I put you through.")
    t.talk.dial(bytes([0xFF]) * 16000, t.now)
    t.hear(0.8)
    assert t.talk.interrupted(t.now) is None
    assert (t.talk.barge_ins, t.talk.clear_due) == (0, False)
    assert "digits.dialled" in t.names()

"""The talk without the call around it. What is said when is in `test_core`."""

import pytest

from agent.call.bargein import BargeInMode
from agent.call.playout import Mark
from tests.call.line import voice
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
    assert t.talk.turns.late == 2


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


def test_speech_while_the_agent_is_silent_interrupts_nothing() -> None:
    t = Talk("local")
    t.hear(0.5, silent=True)
    assert t.hear(0.8)
    assert t.hear(1.0, silent=True)
    assert t.talk.barge_ins == 0
    assert t.names() == ["caller.speech_started", "caller.speech_ended"]


def test_last_words_are_not_cut_by_anyone() -> None:
    t = Talk("both")
    t.hear(0.5, silent=True)
    t.say(2.0, "Goodbye.")
    t.talk.last_words = True
    t.hear(0.8)
    t.talk.interrupted(t.now)
    assert t.talk.barge_ins == 0
    assert t.talk.playout.audible(t.now)


def test_the_first_audio_of_a_turn_is_noted_with_its_latency() -> None:
    t = Talk()
    t.hear(0.5, silent=True)
    t.hear(1.0)
    t.hear(0.6, silent=True)
    t.say(0.4)
    t.talk.generation_complete(t.now)
    assert t.talk.first_audio_at == t.now
    (entry,) = [e for e in t.timeline if e.name == "agent.audio_started"]
    assert entry.values["turn"] == 1
    assert entry.values["latency_s"] == pytest.approx(0.6, abs=0.05)
    t.hear(1.0, silent=True)
    t.talk.turn_complete(None, None, t.now)
    t.say(0.2)
    first = t.talk.first_audio_at
    assert first < t.now


def test_the_audio_of_a_forgotten_turn_has_no_latency() -> None:
    t = Talk()
    t.talk.playout.push(99, voice(0.1, 24000), 0.0)
    t.talk.take(0.0)
    (entry,) = t.timeline
    assert entry.values == {"id": "e0:t99:1", "turn": 99, "latency_s": None}


def test_a_mark_tells_when_an_utterance_was_heard() -> None:
    t = Talk()
    t.say(0.1)
    t.talk.model_pauses()
    mark = t.talk.take(t.now)[-1]
    assert isinstance(mark, Mark)
    t.talk.marked(mark.name, 0.2)
    t.talk.marked(mark.name, 0.3)
    assert t.names() == ["agent.audio_started", "agent.audio_ended"]


def test_a_lost_mark_is_made_good_by_the_next() -> None:
    t = Talk()
    for _ in range(2):
        t.say(0.1)
        t.talk.model_pauses()
        t.talk.take(0.1)
    t.talk.marked("e0:t1:2", 0.4)
    assert [e.t for e in t.timeline if e.name == "agent.audio_ended"] == [0.4, 0.4]


def test_every_utterance_that_began_ends_in_the_timeline_also_when_it_is_cut() -> None:
    t = Talk("model")
    t.say(0.1)
    t.talk.model_pauses()
    t.talk.take(0.1)
    t.say(0.2)
    t.talk.take(0.2)
    t.talk.interrupted(0.25)
    t.talk.marked("e0:t1:1", 0.3)  # too late: the carrier's echo of the clear
    ended = [e.values for e in t.timeline if e.name == "agent.audio_ended"]
    assert ended == [{"id": "e0:t1:1", "cut": True}, {"id": "e0:t1:2", "cut": True}]


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


def test_the_opening_is_heard_once_all_of_it_was_said_and_played() -> None:
    t = Talk()
    assert not t.talk.opening_heard
    t.say(0.4, "We record.")
    marks = [item for item in t.play(1.0) if isinstance(item, Mark)]
    assert not t.talk.opening_heard  # more of it may come
    t.talk.generation_complete(0.9)
    marks += [item for item in t.play(2.0, 0.9) if isinstance(item, Mark)]
    assert not t.talk.opening_heard
    t.talk.marked(marks[-1].name, 1.0)
    assert t.talk.opening_heard


def test_an_opening_that_was_cut_is_never_heard() -> None:
    t = Talk()
    t.talk.turns.expect_answer()
    t.say(2.0, "We record.")
    t.talk.generation_complete(t.now)
    assert t.hear(1.0)
    assert t.talk.barge_ins == 1
    t.talk.turn_complete(None, None, t.now)
    assert t.talk.playout.all_heard()
    assert not t.talk.opening_heard

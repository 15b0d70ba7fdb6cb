"""How far the agent's first words have come."""

from agent.call.playout import Mark
from tests.call.talk import Talk


def test_the_opening_is_heard_once_all_of_it_was_said_and_played() -> None:
    t = Talk()
    assert not t.talk.opening.heard
    t.say(0.4, "We record.")
    marks = [item for item in t.play(1.0) if isinstance(item, Mark)]
    assert not t.talk.opening.heard  # more of it may come
    t.talk.generation_complete(0.9)
    marks += [item for item in t.play(2.0, 0.9) if isinstance(item, Mark)]
    assert not t.talk.opening.heard
    t.talk.marked(marks[-1].name, 1.0)
    assert t.talk.opening.heard


def test_an_opening_that_was_cut_is_never_heard() -> None:
    t = Talk()
    t.talk.turns.expect_answer()
    t.say(2.0, "We record.")
    t.talk.generation_complete(t.now)
    assert t.hear(1.0)
    assert t.talk.barge_ins == 1
    t.talk.turn_complete(None, None, t.now)
    assert t.talk.playout.all_heard()
    assert not t.talk.opening.heard


def test_an_opening_is_said_when_it_is_generated_whole_or_given_up() -> None:
    whole = Talk()
    assert not whole.talk.opening.said
    whole.say(0.4, "We record.")
    assert not whole.talk.opening.said
    whole.talk.generation_complete(whole.now)
    assert whole.talk.opening.said
    given_up = Talk()
    given_up.say(0.4, "We re")
    given_up.talk.give_up_turn(given_up.now)
    assert given_up.talk.opening.said
    assert not given_up.talk.opening.heard

"""What the next connection is sent where the service says what it has."""

from agent.gemini.ledger import (
    Kind,
)
from tests.gemini.wire import live, lost


def test_a_second_loss_before_a_word_from_the_service_changes_nothing() -> None:
    wire = live(acknowledges=True)
    for _ in range(4):
        wire.packet(640)
    wire.ledger.acknowledged(2)
    assert lost(wire) == [2, 3]
    wire.pump()
    wire.packet(640)
    assert lost(wire) == [2, 3, 4]


def test_an_index_that_goes_backwards_is_counted_and_one_beyond_means_all() -> None:
    wire = live(acknowledges=True)
    for index in (3, 2, -1, 99):
        wire.packet(640)
        wire.ledger.acknowledged(index)
    wire.packet(640)
    assert lost(wire) == [4]
    assert wire.counters == {"acknowledgements_backwards": 2}


def test_what_has_not_been_acknowledged_is_told() -> None:
    wire = live(acknowledges=True)
    wire.packet(640)
    wire.packet(320)
    assert wire.ledger.unconfirmed == 960
    wire.ledger.acknowledged(1)
    assert wire.ledger.unconfirmed == 320
    assert live().ledger.unconfirmed is None


def test_an_answer_that_overtakes_what_waits_confirms_none_of_that() -> None:
    wire = live(acknowledges=True)
    wire.packet(640)
    wire.ledger.acknowledged(0)
    wire.lose()
    wire.connect()
    waited = list(wire.ledger.waiting)
    wire.ledger.add(b"answer", 1, Kind.ASKS, bound=True)
    wire.ledger.acknowledged(1)
    wire.lose()
    wire.ledger.plan(resumed=True, covers=False, media=True)
    assert waited
    assert list(wire.ledger.waiting) == waited


def test_a_text_that_was_answered_is_not_sent_again_even_where_the_state_lacks_it() -> None:
    wire = live(acknowledges=True)
    wire.ledger.handle_came()
    wire.ledger.acknowledged(0)
    wire.message(Kind.ASKS)
    wire.ledger.turn_began()
    wire.ledger.answered()
    wire.message(Kind.ASKS)
    wire.lose()
    plan = wire.connect()
    assert plan.exact
    assert wire.due == [1]


def test_what_the_state_has_is_not_sent_to_it_at_the_next_loss_either() -> None:
    wire = live(acknowledges=True)
    wire.said(seconds=1.0)
    wire.ledger.handle_came()
    wire.ledger.acknowledged(len(wire.sent))
    assert lost(wire) == []
    assert lost(wire) == []
    wire.packet(640)
    assert lost(wire) == [25]
    wire.pump()
    wire.ledger.acknowledged(1)
    assert lost(wire) == []
    assert len(lost(wire, resumed=False)) == 26


def test_a_fresh_session_after_a_resume_is_sent_the_whole_open_utterance() -> None:
    wire = live(acknowledges=True)
    wire.said(seconds=1.0)
    wire.ledger.handle_came()
    wire.ledger.acknowledged(len(wire.sent))
    wire.lose()
    wire.connect()
    assert wire.due == []
    wire.lose()
    assert len(lost(wire, resumed=False)) == 25

"""What is kept for the next connection, and what it is sent."""

import itertools
import tracemalloc
from collections import Counter

import pytest

from agent.gemini.ledger import (
    MOST_BYTES,
    MOST_OTHER_BYTES,
    OVERHEAD_BYTES,
    Kind,
    Ledger,
)
from agent.gemini.session_state import MovePolicy
from tests.gemini.wire import MARGIN, SECOND, Wire, live, lost

# Where the service acknowledges


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
    plan = wire.connect()
    wire.ledger.add(b"answer", 1, Kind.ASKS, bound=True)
    wire.ledger.acknowledged(1)
    wire.lose()
    again = wire.ledger.plan(resumed=True, covers=False, media=True)
    assert [e.payload for e in again.entries] == [e.payload for e in plan.entries]


def test_what_is_included_is_forgotten_in_time_and_what_is_not_is_kept() -> None:
    wire = live(acknowledges=True, keep_s=0.1)
    for _ in range(10):
        wire.packet(640)
    wire.ledger.acknowledged(4)
    wire.packet(640)
    assert lost(wire) == list(range(4, 11))


def test_a_ring_that_overflows_leaves_the_open_utterance_only_until_the_service_catches_up() -> (
    None
):
    wire = live(acknowledges=True, ring_s=0.2, keep_s=0.1)
    wire.packet(640)
    wire.ledger.acknowledged(1)
    for _ in range(8):
        wire.packet(640)
    assert lost(wire) == []
    wire.ledger.handle_came()
    wire.ledger.acknowledged(0)
    wire.packet(640)
    assert lost(wire) == [9]
    wire.pump()
    for _ in range(8):
        wire.packet(640)
    wire.ledger.acknowledged(3)  # what came next has been forgotten
    wire.lose()
    assert not wire.connect().exact


# Elsewhere


def test_an_utterance_nobody_answered_is_sent_again_from_a_little_before_it() -> None:
    wire = live()
    for _ in range(20):
        wire.packet(640)
    wire.said()
    plan_begins_at = 20 - 5
    assert lost(wire) == list(range(plan_begins_at, 30))


def test_what_the_model_answered_is_not_sent_again() -> None:
    wire = live()
    wire.said()
    assert wire.ledger.waits
    wire.model_speaks()
    assert not wire.ledger.waits
    assert lost(wire) == []


def test_a_turn_that_began_before_the_caller_did_answers_nothing() -> None:
    wire = live()
    wire.packet(640)
    wire.ledger.turn_began()
    wire.packet(640)
    wire.ledger.speech(True, 0)
    wire.packet(640)
    wire.ledger.speech(False, 0)
    wire.ledger.answered()
    assert lost(wire) == [0, 1, 2]


def test_a_turn_that_begins_while_words_wait_to_be_sent_does_not_answer_them() -> None:
    wire = Wire()
    wire.said()
    wire.message()
    wire.connect(resumed=False)
    wire.model_speaks()
    wire.pump()
    assert wire.ledger.waits
    assert lost(wire) == list(range(11))


def test_a_handle_that_comes_while_words_wait_does_not_cover_them() -> None:
    wire = Wire()
    wire.said()
    wire.connect(resumed=False)
    wire.pump(8)
    wire.ledger.handle_came()
    wire.pump()
    assert lost(wire, covers=True) == list(range(3, 10))


def test_a_mark_says_how_long_ago_and_never_before_the_beginning() -> None:
    wire = live()
    for _ in range(10):
        wire.packet(1600)
    wire.ledger.speech(True, 3_200)
    wire.ledger.speech(False, 0)
    assert lost(wire) == [6, 7, 8, 9]
    wire.model_speaks()
    wire.ledger.speech(True, 10**6)
    assert wire.ledger.speaking
    assert lost(wire) == [6, 7, 8, 9]


def test_what_the_caller_said_long_ago_and_nobody_answered_was_no_question() -> None:
    wire = live(keep_s=1.0)
    wire.said()
    for _ in range(26):
        wire.packet(640)
    assert not wire.ledger.waits
    assert lost(wire) == []
    wire.ledger.speech(True, 0)
    wire.packet(640)
    assert lost(wire)[-1] == 36


def test_a_handle_that_covers_open_speech_leaves_the_rest_and_a_little() -> None:
    wire = live()
    wire.said(seconds=2.0)
    wire.ledger.handle_came()
    wire.ledger.speech(True, 0)
    wire.packet(640)
    wire.lose()
    plan = wire.connect(covers=True)
    assert wire.places(plan) == list(range(45, 51))
    assert plan.repeated == MARGIN
    assert len(lost(wire, resumed=False)) == 51  # a fresh one has nothing of it


def test_a_fresh_session_is_sent_the_open_utterance_and_repeats_nothing() -> None:
    wire = live()
    wire.said()
    wire.ledger.handle_came()
    wire.lose()
    plan = wire.connect(resumed=False, covers=True)
    assert wire.places(plan) == list(range(10))
    assert plan.repeated == 0


def test_a_text_nobody_answered_is_sent_again_unless_the_handle_includes_it() -> None:
    wire = live()
    wire.message()
    wire.lose()
    plan = wire.connect()
    assert (wire.places(plan), plan.asks) == ([0], True)
    wire.pump()
    wire.packet(640)
    wire.ledger.handle_came()
    assert wire.ledger.waits
    wire.lose()
    plan = wire.connect()
    assert (wire.places(plan), plan.asks) == ([], False)


def test_a_fresh_session_is_asked_again_whatever_the_handle_included() -> None:
    wire = live()
    wire.message()
    wire.packet(640)
    wire.ledger.handle_came()
    assert lost(wire, resumed=False) == [0]


def test_a_text_that_was_answered_is_not_sent_again_though_a_later_one_was_not() -> None:
    wire = live()
    wire.message()
    wire.model_speaks()
    assert not wire.ledger.waits
    wire.message()
    wire.ledger.answered()
    assert wire.ledger.waits
    assert lost(wire) == [1]


def test_a_text_that_long_went_unanswered_needed_no_answer() -> None:
    wire = live(keep_s=0.1)
    wire.message()
    for _ in range(4):
        wire.packet(640)
    assert not wire.ledger.waits
    assert lost(wire) == []


def test_what_was_told_is_sent_once_and_an_answer_to_a_call_to_its_own_connection_only() -> None:
    wire = live()
    wire.message(Kind.TELLS)
    wire.lose()
    wire.message(Kind.TELLS)
    wire.message(bound=True)
    plan = wire.connect()
    assert (wire.places(plan), plan.asks) == ([1], False)


def test_a_bracket_goes_with_the_audio_it_lies_in() -> None:
    wire = live()
    wire.message(Kind.BRACKET)
    wire.packet(6400)
    wire.message(Kind.BRACKET)
    wire.ledger.speech(True, 0)
    wire.packet(640)
    wire.lose()
    wire.message(Kind.BRACKET)
    assert wire.places(wire.connect()) == [1, 2, 3, 4]


def test_after_a_loss_that_media_may_have_caused_only_the_rest_is_sent() -> None:
    wire = live()
    wire.lose()
    wire.message(Kind.BRACKET)
    wire.said()
    wire.message()
    wire.lose()
    plan = wire.connect(media=False)
    assert wire.places(plan) == [11]
    assert (plan.replayed, plan.asks) == (0, True)
    assert wire.ledger.dropped == 10 * 640


# Bounds


def test_a_packet_larger_than_the_ring_is_not_kept() -> None:
    wire = Wire(ring_s=0.01)
    wire.packet(161)
    assert wire.places(wire.connect()) == []
    assert wire.ledger.dropped == 161


def test_what_was_never_sent_is_lost_when_no_connection_follows() -> None:
    wire = live()
    wire.packet(640)
    wire.lose()
    wire.packet(320)
    wire.ledger.abandon()
    assert wire.ledger.dropped == 320
    assert wire.places(wire.connect()) == []


def test_a_text_that_a_full_ring_pushes_out_is_counted_too() -> None:
    wire = Wire(ring_s=0.1)
    wire.message()
    for _ in range(3):
        wire.packet(640)
    assert wire.places(wire.connect()) == [2, 3]
    assert wire.counters == {"frames_dropped": 1, "audio_samples_dropped": 640}


def test_texts_are_bounded_by_their_size_and_those_unsent_counted() -> None:
    wire = live()
    size = MOST_OTHER_BYTES // 4 - OVERHEAD_BYTES
    wire.packet(640)
    for index in (1, 2, 3, 4, 0):
        wire.ledger.add(bytes(size), index, Kind.TELLS)
    assert not wire.counters
    wire.ledger.acknowledged(3)
    for _ in range(5):
        wire.ledger.add(bytes(size), 0, Kind.TELLS)
    assert wire.counters == {"frames_dropped": 2}
    wire.ledger.add(bytes(MOST_OTHER_BYTES), 0, Kind.TELLS)
    assert wire.counters == {"frames_dropped": 7}


@pytest.mark.parametrize("n", [1, 320, 640, 1600])
def test_a_full_ring_takes_less_than_two_megabytes(n: int) -> None:
    counters: Counter[str] = Counter()
    ledger = Ledger(MovePolicy(), counters, acknowledges=True)
    count = min(61 * SECOND // n, 2 * MOST_BYTES // (OVERHEAD_BYTES + 2 * n))
    tracemalloc.start()
    try:
        for index in itertools.islice(itertools.count(1000), count):
            ledger.add_audio(bytes(2 * n), index)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000
    assert ledger.unconfirmed is not None
    assert ledger.unconfirmed * 2 > 0.4 * MOST_BYTES or n == 1


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
    assert wire.places(plan) == [1]


def test_a_fresh_session_after_a_resume_is_sent_the_whole_open_utterance() -> None:
    wire = live(acknowledges=True)
    wire.said(seconds=1.0)
    wire.ledger.handle_came()
    wire.ledger.acknowledged(len(wire.sent))
    wire.lose()
    assert wire.places(wire.connect()) == []
    wire.lose()
    assert len(wire.connect(resumed=False).entries) == 25


def test_what_the_model_never_had_time_to_answer_stays_open() -> None:
    wire = live()
    wire.said(seconds=1.0)
    wire.lose()
    for _ in range(25 * 20):
        wire.packet(640)
    assert wire.ledger.waits
    assert wire.places(wire.connect(resumed=False))[0] == 0

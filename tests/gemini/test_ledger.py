"""What the next connection is sent where the service says nothing of what it has."""

from agent.gemini.ledger import (
    Kind,
)
from tests.gemini.wire import MARGIN, Wire, live, lost


def test_an_utterance_nobody_answered_is_sent_again_from_a_little_before_it() -> None:
    wire = live()
    for _ in range(20):
        wire.packet(640)
    wire.said()
    plan_begins_at = 20 - 5
    assert lost(wire) == list(range(plan_begins_at, 30))


def test_the_moment_before_it_is_not_what_was_said_on_a_line_that_broke() -> None:
    wire = live()
    for _ in range(20):
        wire.packet(640)
    wire.ledger.stream_ended()
    wire.said()
    assert lost(wire) == list(range(20, 30))


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


def test_a_handle_does_not_cover_what_went_out_all_at_once_before_it() -> None:
    wire = live()
    wire.said(seconds=2.0)
    wire.lose()
    wire.connect()
    for now in (10.0, 10.1):
        wire.ledger.sends(now)
        wire.pump(20)
    wire.ledger.sends(10.21)
    wire.ledger.handle_came()
    assert lost(wire, covers=True) == list(range(20, 50))


def test_words_kept_behind_those_that_were_answered_are_not_answered_with_them() -> None:
    wire = Wire()
    wire.said()
    for _ in range(10):
        wire.packet(640)
    wire.said()
    wire.connect(resumed=False)
    wire.pump(12)
    wire.model_speaks()
    wire.pump()
    assert wire.ledger.waits
    assert lost(wire) == list(range(20 - 5, 30))
    wire.pump()
    wire.model_speaks()
    assert not wire.ledger.waits


def test_a_turn_that_begins_as_words_go_out_does_not_answer_them() -> None:
    wire = Wire()
    for _ in range(10):
        wire.packet(640)
    wire.said()
    wire.ledger.sends(9.0)
    wire.connect(resumed=False)
    for now, n in ((10.0, 5), (10.1, 10)):
        wire.ledger.sends(now)
        wire.pump(n)
    wire.model_speaks()
    wire.pump()
    assert wire.ledger.waits
    assert lost(wire) == list(range(5, 20))


def test_a_mark_says_how_long_ago_and_never_before_the_beginning() -> None:
    wire = live()
    for _ in range(10):
        wire.packet(1600)
    wire.ledger.speech(True, 3_200)
    wire.ledger.speech(False, 0)
    assert lost(wire) == [6, 7, 8, 9]
    wire.model_speaks()
    wire.ledger.speech(True, 10**6)
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
    assert wire.due == list(range(45, 51))
    assert plan.repeated == MARGIN
    assert len(lost(wire, resumed=False)) == 51  # a fresh one has nothing of it


def test_a_fresh_session_is_sent_the_open_utterance_and_repeats_nothing() -> None:
    wire = live()
    wire.said()
    wire.ledger.handle_came()
    wire.lose()
    plan = wire.connect(resumed=False, covers=True)
    assert wire.due == list(range(10))
    assert plan.repeated == 0


def test_a_text_nobody_answered_is_sent_again_unless_the_handle_includes_it() -> None:
    wire = live()
    wire.message()
    wire.lose()
    plan = wire.connect()
    assert (wire.due, plan.asks) == ([0], True)
    wire.pump()
    wire.packet(640)
    wire.ledger.handle_came()
    assert wire.ledger.waits
    wire.lose()
    plan = wire.connect()
    assert (wire.due, plan.asks) == ([], False)


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
    assert (wire.due, plan.asks) == ([1], False)


def test_a_bracket_goes_with_the_audio_it_lies_in() -> None:
    wire = live()
    wire.message(Kind.BRACKET)
    wire.packet(6400)
    wire.message(Kind.BRACKET)
    wire.ledger.speech(True, 0)
    wire.packet(640)
    wire.lose()
    wire.message(Kind.BRACKET)
    wire.connect()
    assert wire.due == [1, 2, 3, 4]


def test_after_a_loss_that_media_may_have_caused_only_the_rest_is_sent() -> None:
    wire = live()
    wire.lose()
    wire.message(Kind.BRACKET)
    wire.said()
    wire.message()
    wire.lose()
    plan = wire.connect(media=False)
    assert wire.due == [11]
    assert (plan.replayed, plan.asks) == (0, True)
    assert wire.ledger.dropped == 10 * 640


def test_what_the_model_never_had_time_to_answer_stays_open() -> None:
    wire = live()
    wire.said(seconds=1.0)
    wire.lose()
    for _ in range(25 * 20):
        wire.packet(640)
    assert wire.ledger.waits
    assert lost(wire, resumed=False)[0] == 0


def test_an_older_state_is_sent_what_was_under_way_when_it_was_taken() -> None:
    wire = live()
    wire.said(seconds=2.0)
    wire.ledger.sends(10.0)
    for _ in range(10):
        wire.packet(640)
    covered = wire.ledger.handle_came()
    assert covered == 50 * 640 + MARGIN
    wire.ledger.sends(20.0)
    wire.packet(640)
    wire.ledger.handle_came()
    wire.lose()
    wire.ledger.resumes_from(covered)
    plan = wire.connect(covers=True)
    assert wire.due == list(range(50, 61))
    assert (plan.again, plan.repeated) == (11 * 640, MARGIN)

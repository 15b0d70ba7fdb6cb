from collections.abc import Callable
from math import inf

import pytest

from agent.call.turn import Turn
from agent.call.turns import IN_PROGRESS, LATE_S, MOST_TEXT, MOST_TURNS, Turns


def spoken(turns: Turns, now: float, seconds: float = 1.0) -> Turn:
    turn = turns.model_spoke(now)
    assert turn is not None
    turn.audio += round(8000 * seconds)
    return turn


def test_output_opens_a_turn_and_turn_complete_closes_it() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.model_spoke(1.1) is turn
    assert turns.generation_complete(1.2) is turn
    assert turns.generation_complete(1.3) is None
    assert turns.complete("MAX", None, 2.0) is turn
    assert (turn.reason, turn.closed, turn.number) == ("MAX", True, 1)
    assert turns.complete(None, None, 2.1) is None
    assert spoken(turns, 2.2).number == 2


def test_a_turn_that_rests_while_the_model_thinks_stays_open() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.complete(None, IN_PROGRESS, 2.0) is None
    assert turns.open is turn
    assert turns.complete(None, "IDLE", 3.0) is turn
    assert turns.complete(None, IN_PROGRESS, 4.0) is None


def test_audio_after_its_turn_s_end_is_dropped_and_later_audio_is_a_new_turn() -> None:
    turns = Turns()
    first = spoken(turns, 1.0)
    turns.generation_complete(2.0)
    assert turns.model_spoke(2.5) is None
    assert turns.late == 1
    second = turns.model_spoke(2.0 + LATE_S)
    assert second is not first
    assert first.closed
    turns.interrupted(4.0)
    assert turns.model_spoke(4.5) is None
    assert turns.model_spoke(4.0 + LATE_S) is not None


def test_an_interruption_of_nothing_makes_nothing_late() -> None:
    turns = Turns()
    turns.interrupted(1.0)
    assert turns.model_spoke(1.1) is not None


def test_after_turn_complete_the_next_turn_may_begin_at_once() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.interrupted(2.0)
    turns.complete(None, None, 2.1)
    assert turns.model_spoke(2.2) is not None


def test_a_turn_cut_by_our_own_ears_is_dropped_until_its_end_is_said() -> None:
    for end in ("complete", "interrupted", "generation_complete"):
        turns = Turns()
        turn = spoken(turns, 1.0)
        assert turns.cut({1: 0.4}, 1.5) is turn
        assert (turn.interrupted, turn.unheard_s, turn.heard_s) == (True, 0.4, 0.6)
        assert turns.model_spoke(9.0) is None
        if end == "complete":
            turns.complete(None, None, 9.1)
        else:
            getattr(turns, end)(9.1)
        assert (turns.model_spoke(9.2) is not None) == (end == "complete")
        assert turns.model_spoke(9.1 + LATE_S) is not None


def test_the_end_of_a_turn_nobody_knows_changes_nothing() -> None:
    turns = Turns()
    assert turns.generation_complete(1.0) is None
    assert turns.model_spoke(1.1) is not None


def test_a_cut_reaches_turns_that_were_complete_but_not_heard() -> None:
    turns = Turns()
    first = spoken(turns, 1.0, 3.0)
    turns.generation_complete(1.5)
    turns.complete(None, None, 1.6)
    second = spoken(turns, 2.0, 2.0)
    turns.generation_complete(2.1)
    assert turns.cut({1: 1.0, 2: 2.0}, 3.0) is second
    assert (first.heard_s, second.heard_s) == (2.0, 0.0)
    assert turns.model_spoke(3.0) is None
    assert turns.cut({}, 4.0) is None


def test_a_late_transcript_goes_to_the_turn_that_answers_it() -> None:
    turns = Turns()
    turns.caller_started(0.0)
    assert turns.caller_said("A tab") is None
    turns.caller_stopped(1.0, agent_audible=False)
    turn = spoken(turns, 1.5)
    assert turn.answers_caller
    assert turn.caller_text == "A tab"
    assert turns.caller_said("le for four") is turn
    turns.caller_started(2.0)
    assert turns.caller_said("No, wait") is None
    assert turn.caller_text == "A table for four"
    assert turns.unanswered_text == "No, wait"
    turns.interrupted(2.1)
    assert spoken(turns, 4.0).caller_text == "No, wait"


def test_words_after_a_turn_that_has_its_own_belong_to_the_next() -> None:
    turns = Turns()
    turns.expect_answer()
    first = spoken(turns, 1.0)
    assert turns.caller_said("Hello") is first
    turns.complete(None, None, 2.0)
    assert turns.caller_said("Our ears missed this") is None


def test_words_after_a_turn_that_we_asked_for_belong_to_the_next() -> None:
    turns = Turns()
    greeting = spoken(turns, 1.0)
    assert not greeting.answers_caller
    assert turns.caller_said("Hi") is None
    turns.complete(None, None, 2.0)
    assert spoken(turns, 3.0).caller_text == "Hi"


def test_endless_transcripts_are_bounded_and_counted() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.agent_said(turn, "x" * MOST_TEXT)
    turns.agent_said(turn, "yyy")
    assert len(turn.agent_text) == MOST_TEXT
    assert turns.text_dropped == 3


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


def test_a_turn_that_was_generated_or_rests_waits_only_for_its_end() -> None:
    turns = Turns()
    assert turns.unended_from() == inf
    spoken(turns, 1.0)
    assert turns.unended_from() == inf
    turns.complete(None, IN_PROGRESS, 2.0)
    assert turns.unended_from() == 2.0
    spoken(turns, 3.0)
    assert turns.unended_from() == inf
    turns.generation_complete(4.0)
    assert turns.unended_from() == 4.0
    turns.expect_output(7.0)
    assert turns.unended_from() == 7.0


def test_a_turn_that_stands_still_is_one_that_was_not_asked_to() -> None:
    turns = Turns()
    assert turns.stalled_from() == inf
    spoken(turns, 1.0)
    spoken(turns, 2.0)
    assert turns.stalled_from() == 2.0
    turns.expect_output(3.0)
    assert turns.stalled_from() == inf
    spoken(turns, 4.0)
    assert turns.stalled_from() == 4.0
    turns.complete(None, IN_PROGRESS, 5.0)
    assert turns.stalled_from() == inf
    spoken(turns, 6.0)
    turns.generation_complete(7.0)
    assert turns.stalled_from() == inf


def test_a_turn_that_is_given_up_is_closed() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    assert turns.give_up() is turn
    assert (turn.reason, turn.closed) == ("watchdog", True)
    assert turns.stalled_from() == turns.unended_from() == inf


def test_giving_up_also_ends_the_dropping_after_a_cut() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.cut({}, 2.0)
    assert turns.unended_from() == 2.0
    assert turns.give_up() is None
    assert turns.closed_locally == 1
    assert turns.model_spoke(12.0) is not None


def test_what_a_connection_left_open_is_closed_and_nothing_after_it_is_late() -> None:
    turns = Turns()
    assert turns.connection_left() is None
    turn = spoken(turns, 1.0)
    turns.generation_complete(1.5)
    assert turns.connection_left() is turn
    assert turn.closed
    assert spoken(turns, 1.6).number == 2


def test_a_turn_is_gone_on_with_by_the_model_s_next_output() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.agent_said(turn, "We are")
    turns.connection_left()
    turns.go_on_with(turn)
    assert spoken(turns, 3.0) is turn
    turns.agent_said(turn, " open.")
    turns.complete(None, None, 4.0)
    assert (turn.agent_text, turn.closed, turns.count) == ("We are open.", True, 1)
    assert spoken(turns, 5.0).number == 2


def _interrupted(turns: Turns) -> None:
    turns.interrupted(2.0)


def _cut(turns: Turns) -> None:
    turns.cut({}, 2.0)


def _speech(turns: Turns) -> None:
    turns.caller_started(2.0)


def _service(turns: Turns) -> None:
    turns.expect_answer()


@pytest.mark.parametrize("happens", [_interrupted, _cut, _speech, _service])
def test_when_the_caller_comes_between_the_next_output_is_an_answer(
    happens: Callable[[Turns], None],
) -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.connection_left()
    turns.go_on_with(turn)
    happens(turns)
    assert spoken(turns, 2.0 + LATE_S) is not turn


def test_each_piece_of_the_transcript_has_its_place_in_the_audio() -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    turns.agent_said(turn, "We")
    turns.agent_said(turn, "")
    spoken(turns, 1.1)
    turns.agent_said(turn, " are")
    assert turn.pieces == [(2, 8000), (6, 16000)]


def test_turns_are_forgotten_from_the_oldest_on() -> None:
    turns = Turns()
    for n in range(MOST_TURNS + 1):
        spoken(turns, float(n))
        turns.complete(None, None, float(n))
    assert turns.all[0].number == 2
    assert turns.count == MOST_TURNS + 1
    assert turns.audio_sent(1, 9.0) is None


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["One moment.", "It is booked."], "One moment. It is booked."),
        (["One moment.", " It is booked."], "One moment. It is booked."),
        (["One mo", "ment."], "One moment."),
        (["Really?", "!"], "Really?!"),
    ],
)
def test_sentences_before_and_after_a_function_are_kept_apart(pieces: list[str], text: str) -> None:
    turns = Turns()
    turn = spoken(turns, 1.0)
    for piece in pieces:
        turns.agent_said(turn, piece)
    assert turn.agent_text == text


def test_nothing_is_late_after_an_interruption_of_a_turn_that_had_all_come() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.generation_complete(1.1)
    turns.cut({}, 1.4)
    turns.interrupted(1.5)
    assert turns.model_spoke(1.9) is not None
    turns.interrupted(5.0)
    assert turns.model_spoke(5.9) is None
    assert turns.late == 1


def test_an_interruption_is_no_reply() -> None:
    turns = Turns()
    assert turns.reply_from == -inf
    spoken(turns, 1.0)
    turns.interrupted(2.0)
    assert (turns.reply_from, turns.model_at) == (1.0, 2.0)


def test_what_is_said_of_a_result_is_not_late_though_the_call_ended_its_turn() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.expect_output(1.1)
    turns.generation_complete(1.2)
    assert turns.model_spoke(1.3) is None
    turns.expect_output(1.4)
    assert turns.model_spoke(1.9) is not None


def test_what_comes_after_a_phantom_is_heard() -> None:
    turns = Turns()
    spoken(turns, 1.0)
    turns.interrupted(2.0, phantom=True)
    assert turns.open is None
    assert turns.model_spoke(2.1) is not None
    assert turns.late == 0


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["One", "|", "two"], "One two"),
        (["One ", "|", "two"], "One two"),
        (["One", "|", " two"], "One two"),
        (["On", "e"], "One"),
        (["|", "One"], "One"),
    ],
)
def test_utterances_of_the_caller_are_kept_apart(pieces: list[str], text: str) -> None:
    turns = Turns()
    turns.caller_started(0.0)
    for piece in pieces:
        if piece == "|":
            turns.caller_finished()
        else:
            turns.caller_said(piece)
    assert turns.unanswered_text == text


def test_output_of_a_turn_that_was_cut_is_dropped_until_it_is_known_to_be_over() -> None:
    turns = Turns()
    assert not turns.drops(0.0)
    spoken(turns, 1.0)
    assert not turns.drops(1.0)
    turns.cut({}, 1.5)
    assert turns.drops(99.0)
    turns.interrupted(100.0)
    assert turns.drops(100.5)
    turns.complete(None, None, 100.6)
    assert not turns.drops(100.7)


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


def test_when_the_service_heard_the_caller_stop_nothing_is_late() -> None:
    turns = Turns()
    turns.model_spoke(0.0)
    turns.interrupted(1.0)
    assert turns.drops(1.1)
    turns.answer_may_come()
    assert not turns.drops(1.1)


def test_the_rest_of_what_was_cut_here_is_dropped_until_the_service_says_its_end() -> None:
    turns = Turns()
    turns.model_spoke(0.0)
    turns.cut({}, 1.0)
    turns.answer_may_come()
    assert turns.drops(1.1)


def test_a_reply_that_was_cut_answers_nothing() -> None:
    turns = Turns()
    assert not turns.answers(1.0)
    turns.model_spoke(2.0)
    assert turns.answers(1.0)
    assert not turns.answers(2.0)
    turns.cut({}, 2.1)
    assert not turns.answers(1.0)


def test_whether_words_are_kept_is_asked_when_a_turn_begins_or_goes_on() -> None:
    answers = iter([False, True, False, True])
    turns = Turns(lambda: next(answers))
    turns.hide()  # no turn is open: nothing to hide
    first = turns.model_spoke(0.0)
    assert first is not None
    assert not first.hidden
    turns.complete(None, None, 1.0)
    second = turns.model_spoke(3.0)
    assert second is not None
    assert second.hidden
    turns.connection_left()
    turns.go_on_with(second)
    assert turns.model_spoke(4.0) is second
    assert second.hidden  # what was hidden stays hidden
    turns.connection_left()
    turns.go_on_with(first)
    assert turns.model_spoke(5.0) is first
    assert first.hidden


def test_the_turn_that_goes_on_can_be_hidden() -> None:
    turns = Turns()
    turn = turns.model_spoke(0.0)
    assert turn is not None

    turns.hide()

    assert turn.hidden

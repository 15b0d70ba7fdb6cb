"""What has been put to the model and not been answered."""

from agent.gemini.unanswered import Unanswered


def said(unanswered: Unanswered, begin: int, end: int) -> None:
    unanswered.speech(True, begin, begin)
    unanswered.speech(False, end, end)


def test_what_the_caller_says_is_open_until_a_turn_that_began_after_it() -> None:
    unanswered = Unanswered(1_000)
    assert not unanswered.words(0)
    said(unanswered, 100, 200)
    assert unanswered.words(300)
    unanswered.turn_began(None, 300, 0)
    unanswered.answered()
    assert (unanswered.words(300), unanswered.began) == (False, None)


def test_a_turn_that_began_before_or_while_he_speaks_answers_nothing() -> None:
    unanswered = Unanswered(1_000)
    unanswered.turn_began(None, 50, 0)
    said(unanswered, 100, 200)
    unanswered.answered()
    assert unanswered.words(200)
    unanswered.speech(True, 210, 210)
    unanswered.turn_began(None, 220, 0)
    unanswered.answered()
    assert unanswered.words(220)
    assert unanswered.began == 100


def test_what_was_not_sent_when_the_turn_began_is_not_answered_by_it() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 200)
    unanswered.turn_began(100, 300, 0)
    unanswered.answered()
    assert unanswered.words(300)


def test_what_was_said_after_that_is_open_from_where_it_began() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 200)
    said(unanswered, 300, 400)
    said(unanswered, 500, 600)
    unanswered.turn_began(310, 700, 0)
    unanswered.answered()
    assert unanswered.began == 500
    unanswered.turn_began(None, 700, 0)
    unanswered.answered()
    assert not unanswered.words(700)


def test_what_he_says_now_and_the_model_was_not_sent_leaves_its_answer_an_answer() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 200)
    unanswered.speech(True, 500, 150)
    unanswered.turn_began(300, 600, 0)
    unanswered.answered()
    assert (unanswered.words(300), unanswered.began) == (True, 500)


def test_what_was_long_sent_and_not_answered_was_no_question() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 200)
    assert unanswered.words(1_200)
    assert not unanswered.words(1_201)


def test_words_after_what_was_no_question_begin_anew() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 200)
    said(unanswered, 5_000, 5_100)
    assert unanswered.began == 5_000
    said(unanswered, 5_200, 5_300)
    assert unanswered.began == 5_000


def test_an_end_that_is_told_late_takes_nothing_back() -> None:
    unanswered = Unanswered(1_000)
    said(unanswered, 100, 900)
    unanswered.speech(False, 500, 900)
    assert unanswered.spoke_until == 900


def test_the_moment_before_it_reaches_back_to_the_last_end_of_the_stream_at_most() -> None:
    unanswered = Unanswered(1_000)
    assert unanswered.begins(50) is None
    unanswered.stream_ended(400)
    unanswered.stream_ended(480)
    said(unanswered, 500, 600)
    unanswered.stream_ended(620)
    assert unanswered.begins(10) == 490
    assert unanswered.begins(50) == 480


def test_texts_are_numbered_and_answered_up_to_the_turns_beginning() -> None:
    unanswered = Unanswered(1_000)
    assert [unanswered.asked(10), unanswered.asked(20)] == [1, 2]
    unanswered.turn_began(20, 30, 1)
    unanswered.answered()
    assert [unanswered.has_answered(text) for text in (1, 2)] == [True, False]
    assert unanswered.texts(30)
    assert not unanswered.texts(1_021)
    unanswered.turn_began(None, 30, 0)
    unanswered.answered()
    assert not unanswered.texts(30)

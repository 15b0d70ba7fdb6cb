from math import inf

import pytest

from agent.call import prompts
from agent.call.sentence import LONGEST_PREMATURE_S, MOST_TIMES, Sentence, SentenceState, premature
from agent.call.turn import Turn


def turn(number: int = 1, text: str = "We are open from", seconds: float = 2.0) -> Turn:
    return Turn(number, 0.0, True, agent_text=text, audio=round(8000 * seconds))


def test_a_cut_turn_is_asked_for_once_after_its_last_words() -> None:
    sentence = Sentence()
    assert (sentence.state, sentence.turn, sentence.ask_at) == (SentenceState.WHOLE, None, inf)
    cut = turn()
    sentence.cut(cut, 5.0)
    assert (sentence.state, sentence.turn, sentence.ask_at) == (SentenceState.CUT, cut, 5.0)
    assert sentence.asked() == prompts.say(prompts.CONTINUE, "We are open from")
    assert (sentence.state, sentence.ask_at) == (SentenceState.ASKED, inf)
    sentence.settle()
    assert (sentence.state, sentence.turn) == (SentenceState.WHOLE, None)


def test_without_a_transcript_the_model_has_to_know_itself_where_it_was() -> None:
    sentence = Sentence()
    sentence.cut(turn(text=" "), 5.0)
    assert sentence.asked() == prompts.GO_ON


def test_what_was_asked_on_a_connection_that_went_is_asked_again() -> None:
    sentence = Sentence()
    sentence.lost(1.0)
    assert sentence.ask_at == inf
    sentence.cut(turn(), 5.0)
    sentence.lost(6.0)
    assert sentence.ask_at == 5.0
    sentence.asked()
    sentence.lost(7.0)
    assert (sentence.state, sentence.ask_at) == (SentenceState.CUT, 7.0)


def test_what_is_prompted_otherwise_is_asked_for_later_if_at_all() -> None:
    sentence = Sentence()
    sentence.wait(9.0)
    assert sentence.ask_at == inf
    sentence.cut(turn(), 5.0)
    sentence.wait(9.0)
    assert sentence.ask_at == 9.0
    sentence.wait(8.0)
    assert sentence.ask_at == 9.0


def test_one_turn_is_gone_on_with_only_so_often() -> None:
    sentence = Sentence()
    for _ in range(MOST_TIMES):
        sentence.cut(turn(), 5.0)
        assert sentence.state is SentenceState.CUT
    sentence.cut(turn(), 5.0)
    assert sentence.turn is None
    sentence.cut(turn(2), 5.0)
    assert sentence.turn is not None


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("We are open from nine to", True),
        ("We are open,", True),
        ("We are open.", False),
        ("Are we open? ", False),
        ('He said "yes."', False),
        ("\u55b6\u696d\u4e2d\u3067\u3059\u3002", False),
        ("", False),
    ],
)
def test_a_turn_without_the_end_of_a_sentence_ended_too_early(text: str, early: bool) -> None:
    assert premature(turn(text=text)) is early


def test_what_the_caller_cut_or_what_is_long_is_not_taken_for_premature() -> None:
    cut = turn()
    cut.interrupted = True
    assert not premature(cut)
    assert not premature(turn(seconds=LONGEST_PREMATURE_S + 1))
    assert not premature(turn(seconds=0.0))

"""What the service transcribes twice is reported once."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.gemini.session_events import InputTranscript
from agent.gemini.transcripts import MOST_LETTERS, REPEATS_WITHIN_S, HeardTwice


def read(twice: HeardTwice, *texts: str) -> str:
    """What is reported of some fragments, none of which ends the utterance."""
    events = [event for text in texts for event in twice.read(InputTranscript(text, False), 0.0)]
    return "".join(event.text for event in events)


def settled(twice: HeardTwice) -> str:
    return "".join(event.text for event in twice.settle())


def moved(*texts: str) -> HeardTwice:
    """After a move in, or after, an utterance."""
    twice = HeardTwice()
    read(twice, *texts)
    twice.moved()
    return twice


def test_without_a_move_everything_is_reported_at_once() -> None:
    twice = HeardTwice()
    assert read(twice, "How's", " that? How's that?") == "How's that? How's that?"
    assert not twice.watching
    assert twice.settle() == []


def test_an_utterance_that_comes_again_after_a_move_is_not_reported_again() -> None:
    twice = moved("How's", " that?")
    assert twice.watching
    assert read(twice, "how s th", "AT") == ""
    assert (twice.swallowed, twice.watching) == (2, False)
    assert read(twice, "And now?") == "And now?"


def test_what_goes_beyond_the_repetition_is_reported() -> None:
    twice = moved("A table")
    events = twice.read(InputTranscript("A table, for two.", True), 0.0)
    assert events == [InputTranscript(", for two.", True)]
    assert twice.swallowed == 0


def test_words_that_turn_out_new_are_reported_in_full() -> None:
    twice = moved("A table for two")
    assert read(twice, "A table") == ""
    assert read(twice, " by the window") == "A table by the window"
    assert not twice.watching


def test_words_held_back_are_reported_when_the_model_reacts() -> None:
    twice = moved("Yes please")
    assert read(twice, "Yes.") == ""
    assert settled(twice) == "Yes."
    assert settled(twice) == ""
    assert read(twice, "Please.") == "Please."


def test_words_held_back_are_kept_for_the_next_move() -> None:
    twice = moved("Yes please")
    read(twice, "Yes", ".", " No")
    twice.moved()
    assert read(twice, "Yes no") == ""
    assert settled(twice) == ""


def test_a_second_move_in_one_utterance_repeats_all_of_it() -> None:
    twice = moved("A table")
    assert read(twice, "A table", " for two") == " for two"
    twice.moved()
    assert read(twice, "A table for", " two") == ""
    assert read(twice, " tonight") == " tonight"
    twice.moved()
    assert read(twice, "A table for two tonight") == ""


def test_a_repetition_that_is_finished_ends_the_utterance() -> None:
    twice = moved("A table")
    assert twice.read(InputTranscript("A table", True), 0.0) == []
    read(twice, "Tonight")
    twice.moved()
    assert read(twice, "Tonight") == ""


def test_after_an_answer_only_the_next_utterance_can_come_again() -> None:
    twice = HeardTwice()
    read(twice, "A table")
    twice.utterance_over()
    read(twice, "For two")
    twice.moved()
    assert read(twice, "A table") == "A table"


def test_fragments_without_words_begin_no_utterance() -> None:
    twice = HeardTwice()
    read(twice, "A table")
    twice.read(InputTranscript("", True), 0.0)
    twice.read(InputTranscript("...", True), 0.0)
    twice.moved()
    assert read(twice, "A table") == ""


def test_a_letter_that_folds_into_two_may_be_cut_between_them() -> None:
    twice = moved("STRAS")
    assert read(twice, "stra\u00df") == ""
    assert not twice.watching


def test_what_is_remembered_of_an_utterance_is_bounded() -> None:
    twice = moved("a" * (MOST_LETTERS - 1))
    assert read(twice, "a" * (MOST_LETTERS - 1) + "bc") == "bc"
    twice.moved()
    assert read(twice, "a" * (MOST_LETTERS - 1) + "b") == ""
    assert not twice.watching


def said_again(twice: HeardTwice, *, again: bool, at: float = 1.0) -> str:
    """What is reported when the same comes after the session was resumed at 0."""
    twice.resumed(again=again, now=0.0)
    return "".join(event.text for event in twice.read(InputTranscript("Yes.", False), at))


def test_what_comes_at_once_is_the_services_second_hearing() -> None:
    assert said_again(moved("Yes."), again=False) == ""


def test_what_comes_later_is_the_callers_though_he_says_the_same() -> None:
    assert said_again(moved("Yes."), again=False, at=REPEATS_WITHIN_S) == "Yes."


def test_what_comes_after_he_began_to_speak_anew_is_the_callers() -> None:
    twice = moved("Yes.")
    twice.spoke()
    assert said_again(twice, again=False) == "Yes."


def test_he_may_have_begun_before_the_move() -> None:
    twice = HeardTwice()
    read(twice, "Yes.")
    twice.utterance_over()
    twice.spoke()
    twice.moved()
    assert said_again(twice, again=True) == "Yes."


def test_what_is_sent_again_is_transcribed_again_whenever_that_is() -> None:
    twice = moved("Yes.")
    twice.spoke()  # he goes on
    assert said_again(twice, again=True, at=60.0) == ""
    assert read(twice, " Yes.") == " Yes."


def test_an_answered_utterance_is_not_among_what_is_sent_again() -> None:
    twice = HeardTwice()
    read(twice, "Yes.")
    twice.utterance_over()
    twice.moved()
    assert said_again(twice, again=True, at=60.0) == "Yes."


def test_what_was_held_back_is_reported_before_what_is_his() -> None:
    twice = moved("Yes please")
    twice.resumed(again=False, now=0.0)
    assert read(twice, "Yes") == ""
    twice.spoke()
    assert read(twice, " please") == "Yes please"


WORDS = st.text(st.sampled_from("abÄß '.,\n?"), min_size=1, max_size=12)
CUTS = st.lists(st.integers(0, 12), max_size=5)


def cut(text: str, cuts: list[int]) -> list[str]:
    at = [0, *sorted(min(place, len(text)) for place in cuts), len(text)]
    return [text[i:j] for i, j in pairwise(at)]


def words(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).casefold()


@settings(max_examples=300, deadline=None)
@given(WORDS, CUTS, CUTS, st.lists(CUTS, max_size=3), WORDS)
def test_a_repetition_is_never_reported_twice_however_it_is_cut(
    said: str, first: list[int], again: list[int], more: list[list[int]], new: str
) -> None:
    twice = HeardTwice()
    assert read(twice, *cut(said, first)) == said
    for cuts in (again, *more):
        twice.moved()
        assert words(read(twice, *cut(said.upper(), cuts))) == ""
        assert words(settled(twice)) == ""
        assert not twice.watching
    assert read(twice, new) == new


@settings(max_examples=300, deadline=None)
@given(WORDS, CUTS, WORDS, CUTS)
def test_new_words_are_never_swallowed_once_the_model_reacted(
    said: str, first: list[int], new: str, cuts: list[int]
) -> None:
    twice = moved(*cut(said, first))
    reported = words(read(twice, *cut(new, cuts)) + settled(twice))
    again = words(said)
    if again and words(new).startswith(again):
        assert reported == words(new)[len(again) :]
    else:
        assert reported == words(new)
    assert read(twice, new) == new

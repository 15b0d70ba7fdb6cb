import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.call.words import RATE_HZ, TAIL, characters_in, spoken, tail, whole_words


@pytest.mark.parametrize(
    ("samples", "characters"), [(0, 0), (500, 5), (1000, 10), (1500, 20), (2000, 30), (9000, 30)]
)
def test_where_words_and_sound_come_together_they_are_evenly_spread(
    samples: int, characters: int
) -> None:
    assert characters_in([(10, 1000), (30, 2000)], samples) == characters


def test_words_without_any_sound_before_them_are_all_claimed() -> None:
    assert characters_in([(10, 0), (30, 2000)], 0) == 10
    assert characters_in([], 100) == 0


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 5000)), max_size=8))
def test_more_sound_never_carries_fewer_words(steps: list[tuple[int, int]]) -> None:
    pieces, characters, samples = [], 0, 0
    for more_characters, more_samples in steps:
        characters, samples = characters + more_characters, samples + more_samples
        pieces.append((characters, samples))
    found = [characters_in(pieces, n) for n in range(0, samples + 2, 97)]
    assert found == sorted(found)
    assert characters_in(pieces, samples) == characters


def test_a_transcript_as_long_as_speech_can_be_is_believed() -> None:
    assert spoken("one two three four", [], RATE_HZ) == "one two three four"


def test_of_a_transcript_that_ran_ahead_only_what_can_have_been_said_is_left() -> None:
    assert spoken("one two three four five", [(23, 0)], RATE_HZ) == "one two three"
    assert spoken("one two", [], 0) == ""


def test_pieces_that_had_their_sound_are_believed_whatever_came_after() -> None:
    assert spoken("One moment. It is booked.", [(11, 4800), (25, 4800)], 4800) == "One moment."


def test_words_are_kept_whole() -> None:
    assert whole_words("one two", 7) == "one two"
    assert whole_words("one two", 6) == "one"
    assert whole_words("one two", 2) == ""
    assert whole_words(" one", 2) == ""


def test_the_place_is_found_by_the_last_words() -> None:
    assert tail(" one two ") == "one two"
    long = "word " * TAIL
    assert len(tail(long)) <= TAIL
    assert set(tail(long).split()) == {"word"}

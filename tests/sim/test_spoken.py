from __future__ import annotations

import pytest

from agent.sim.spoken import (
    MOST_WORDS,
    NUMBERS,
    ORDINALS,
    aloud,
    number_words,
    ordinal_words,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Yes, please!", "yes please"),
        ("I'd like a table for 4.", "i would like a table for four"),
        ("I\N{RIGHT SINGLE QUOTATION MARK}m Anna, we're two", "i am anna we are two"),
        ("It's at 7pm / 7 p.m. / 7:30 PM", "it is at seven p m seven p m seven thirty p m"),
        (
            "at 19:30, 12:00, 0:15 or 24:00",
            "at seven thirty p m twelve twelve fifteen a m or twenty four zero",
        ),
        ("November 27th, the 1st and the 40th", "november twenty seventh the first and the"),
        ("order 1042, line 07 or 21", "order one zero four two line zero seven or twenty one"),
        ("I am at 7 am. Two p.m, nine pm", "i am at seven a m two p m nine p m"),
        ("8 o'clock 'now'", "eight o'clock now"),
        ("", ""),
        ("\N{EURO SIGN} ' ?", ""),
    ],
)
def test_words_of_a_text(text: str, words: str) -> None:
    assert words_of(text) == words.split()


def test_a_long_text_is_cut() -> None:
    assert len(words_of("word " * 1000)) == MOST_WORDS


def test_numbers_and_ordinals_have_words_and_back() -> None:
    assert [NUMBERS[number_words(n)] for n in range(100)] == list(range(100))
    assert [ORDINALS[ordinal_words(n)] for n in range(1, 32)] == list(range(1, 32))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (4, "four"),
        (142, "142"),
        (2.5, "2.5"),
        ("Anna Miller", "Anna Miller"),
        ("2026-11-27", "Friday, November twenty seventh"),
        ("2026-02-30", "2026-02-30"),
        ("19:00", "seven o'clock in the evening"),
        ("12:05", "twelve oh five in the afternoon"),
        ("00:30", "twelve thirty in the morning"),
        ("13:00 or 21:30", "one o'clock in the afternoon or nine thirty in the evening"),
        ("BV-1042", "B V 1 0 4 2"),
        ([], ""),
        (["18:00"], "six o'clock in the evening"),
        (["a", "b", "c"], "a, b or c"),
        ({"no": "words"}, ""),
        (None, ""),
        (True, ""),
    ],
)  # fmt: skip
def test_a_value_is_said_aloud(value: object, said: str) -> None:
    assert aloud(value) == said

import pytest

from agent.store.search import (
    LONGEST,
    MOST_ASKED,
    MOST_WORDS,
    asked_words,
    marks_of,
    postgres_match,
    sqlite_match,
    words_of,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A table, a TABLE!", "a table"),
        ("Zoë's café_2 at 7:30", "zoe s cafe 2 at 7 30"),
        ("ﬁne STRASSE Straße", "fine strasse"),
        ("Мой столик", "мои столик"),
        ("-- ... \0", ""),
    ],
)
def test_words_are_compared_without_capitals_accents_and_signs(text: str, words: str) -> None:
    assert words_of([text]) == words


def test_what_one_call_adds_has_a_bound() -> None:
    words = words_of(" ".join(f"w{n}" for n in range(k, k + 3000)) for k in range(0, 30_000, 3000))
    assert len(words.split()) == MOST_WORDS
    assert words_of(["x" * 500]) == "x" * LONGEST


def test_what_is_asked_for_has_a_bound() -> None:
    assert len(asked_words(" ".join(map(str, range(500))))) == MOST_ASKED
    assert asked_words("x" * 500) == ["x" * LONGEST]


def test_a_star_asks_for_what_begins_with_a_word() -> None:
    asked = asked_words('Zoë*, ta"b **x')
    assert asked == ["zoe*", "ta", "b", "x"]
    assert sqlite_match(asked) == '"zoe"* AND "ta" AND "b" AND "x"'
    assert postgres_match(asked) == "'zoe':* & 'ta' & 'b' & 'x'"


def test_what_a_call_is_cannot_be_asked_for_as_a_word() -> None:
    marks = marks_of("bella-vista", "idle", None)
    assert marks == ["\ue00062656c6c612d7669737461", "\ue00169646c65"]
    for mark in marks_of("a", "b", "c"):
        assert asked_words(mark) == [mark[1:]]

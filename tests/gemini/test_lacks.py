"""What a connection is sent of what was kept."""

import pytest

from agent.gemini.entries import Entry, Kind
from agent.gemini.lacks import Acknowledged, Guessed, Lacks
from agent.gemini.unanswered import Unanswered


def one_answered() -> Unanswered:
    """Of two texts, the first has been answered."""
    unanswered = Unanswered(1_000)
    unanswered.asked(0)
    unanswered.turn_began(None, 0, 0)
    unanswered.answered()
    unanswered.asked(10)
    return unanswered


def entry(kind: Kind, start: int = 0, index: int = 1, *, bound: bool = False, no: int = 0) -> Entry:
    return Entry(kind, b"", start, 5 if kind is Kind.AUDIO else 0, index, bound, no)


@pytest.mark.parametrize(
    ("message", "lacked"),
    [
        (entry(Kind.AUDIO, index=3), False),
        (entry(Kind.AUDIO, index=-7), False),
        (entry(Kind.AUDIO, index=4), True),
        (entry(Kind.TELLS, index=0), True),
        (entry(Kind.ASKS, index=4, no=1), False),
        (entry(Kind.ASKS, index=4, no=2), True),
        (entry(Kind.ASKS, index=4, no=1, bound=True), True),
        (entry(Kind.ASKS, index=3, no=1, bound=True), False),
    ],
)
def test_where_the_service_says_what_it_has_the_rest_is_lacked(
    message: Entry, lacked: bool
) -> None:
    assert Acknowledged(3, one_answered()).of(message) is lacked


@pytest.mark.parametrize(
    ("message", "lacked"),
    [
        (entry(Kind.AUDIO, 95), False),
        (entry(Kind.AUDIO, 96), True),
        (entry(Kind.BRACKET, 100), False),
        (entry(Kind.BRACKET, 101), True),
        (entry(Kind.AUDIO, 0, index=0), True),
        (entry(Kind.TELLS, 200, index=0), True),
        (entry(Kind.TELLS, 200), False),
        (entry(Kind.PICTURE, 200), False),
        (entry(Kind.ASKS, 200, no=1), False),
        (entry(Kind.ASKS, 200, no=2), True),
        (entry(Kind.ASKS, 49, no=2), False),
        (entry(Kind.ASKS, 200, index=0, bound=True), False),
    ],
)
def test_elsewhere_what_is_not_answered_or_was_not_sent_is(message: Entry, lacked: bool) -> None:
    assert Guessed(100, 50, True, one_answered()).of(message) is lacked


def test_where_nothing_is_open_only_what_was_not_sent_is() -> None:
    lacks: Lacks = Guessed(None, 0, False, one_answered())
    assert not lacks.of(entry(Kind.AUDIO, 200))
    assert not lacks.of(entry(Kind.ASKS, 200, no=2))
    assert lacks.of(entry(Kind.ASKS, 200, index=0, no=2))

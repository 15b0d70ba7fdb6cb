"""Which words of the agent lie in how much of its sound; without I/O.

Theory. The transcript comes in pieces, and nothing says which sound each one belongs to. What is
known is how much sound had come when a piece came: where transcript and sound come together, its
words lie in the sound between the piece before and this one, evenly as far as anyone can tell.
Where the transcript lags, this claims too few words, which is the safe side. Where it runs ahead,
it would claim words that nobody spoke yet; nobody speaks faster than so many characters a second,
and words beyond that do not count.

Source: docs/protocols/gemini-live.md 3.3, C-9, C-26.
"""

from collections.abc import Sequence

RATE_HZ = 8000
MOST_CHARACTERS_PER_S = 20.0
"""Faster than anyone talks."""
CHARACTERS_PER_S = 14.0
"""As people talk: what is believed of a transcript that is known to have run ahead."""
TAIL = 240
"""Characters by which a speaker finds the place again."""

type Piece = tuple[int, int]
"""Characters of the transcript up to the end of a piece; samples of sound that had come by then."""


def characters_in(pieces: Sequence[Piece], samples: int) -> int:
    """How many characters of the transcript the first `samples` of the sound carry."""
    from_characters = from_samples = 0
    for characters, at in pieces:
        if at > samples:
            share = (samples - from_samples) / (at - from_samples)
            return from_characters + int((characters - from_characters) * share)
        from_characters, from_samples = characters, at
    return from_characters


def spoken(text: str, pieces: Sequence[Piece], samples: int) -> str:
    """What of a transcript can have been spoken in so much sound, all of its own turn so far.

    A transcript as long as speech can be is believed; of a longer one, which has run ahead of the
    sound, the pieces that can be, or as much as people say in that time.
    """
    seconds = samples / RATE_HZ
    if len(text) <= seconds * MOST_CHARACTERS_PER_S:
        return text
    believed = [n for n, at in pieces if n <= at / RATE_HZ * MOST_CHARACTERS_PER_S]
    return whole_words(text, max(int(seconds * CHARACTERS_PER_S), *believed, 0))


def whole_words(text: str, n: int) -> str:
    """The first `n` characters, cut back to the end of a word."""
    if n >= len(text):
        return text
    end = text.rfind(" ", 0, n + 1)
    return text[:end] if end > 0 else ""


def tail(text: str) -> str:
    """The last words, by which a speaker finds the place again."""
    text = text.strip()
    if len(text) <= TAIL:
        return text
    return text[-TAIL:].partition(" ")[2]

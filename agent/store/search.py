"""Words as the store compares them: without capitals, accents and signs; without I/O."""

import re
import unicodedata
from collections.abc import Iterable

MOST_WORDS = 5000
"""Different words of one call that can be found."""
LONGEST = 64
MOST_ASKED = 16

_WORD = re.compile(r"[^\W_]+")
_ASKED = re.compile(r"([^\W_]+)(\*?)")
_MARKS = "\ue000\ue001\ue002"
"""Before what is no word: characters that stand for nothing, which no word contains."""


def words_of(texts: Iterable[str]) -> str:
    """The different words of a transcript, in the order in which they first occur."""
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(_plain(text))))
        if len(found) > MOST_WORDS:
            break
    return " ".join(list(found)[:MOST_WORDS])


def marks_of(tenant: str | None, outcome: str | None, caller: str | None) -> list[str]:
    """What a call is besides its words, as words that nobody can ask for.

    A full-text index finds the calls that have two words faster than it finds those that have one
    and looks at each: so what lists are filtered by stands among the words.
    """
    kinds = zip(_MARKS, (tenant, outcome, caller), strict=True)
    return [mark + value.encode().hex() for mark, value in kinds if value is not None]


def asked_words(text: str) -> list[str]:
    """What to look for; a star after a word asks for all that begin with it."""
    found = _ASKED.findall(_plain(text))[:MOST_ASKED]
    return [word[:LONGEST] + star for word, star in found]


def sqlite_match(words: list[str]) -> str:
    """The same in the language of FTS5."""
    return " AND ".join(f'"{word[:-1]}"*' if word[-1] == "*" else f'"{word}"' for word in words)


def postgres_match(words: list[str]) -> str:
    """The same in the language of `to_tsquery`."""
    return " & ".join(f"'{word[:-1]}':*" if word[-1] == "*" else f"'{word}'" for word in words)


def _plain(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))

"""Phrases a caller may say: read from a pattern, written as JSGF, found in words; without I/O.

A pattern is `(a|one) table [for {people}]`: words, alternatives in round brackets, what may be left
out in square ones, and slots, each of which has a rule of its own. Recognition and understanding
take the same phrase, so whatever the grammar lets the ear hear can also be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

_TOKEN = re.compile(r"\s*(?:([a-z][a-z']*)|\{([a-z][a-z0-9_]*)\}|<([A-Z]+)>|([()\[\]|]))")
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word, in small letters."""

    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What another rule says; a slot's rule is named as the slot, in small letters."""

    name: str

    @property
    def is_slot(self) -> bool:
        """Whether what is said here is worth remembering."""
        return self.name.islower()


@dataclass(frozen=True, slots=True)
class Row:
    """One after another; none is silence."""

    parts: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    options: tuple[Phrase, ...]


type Phrase = Word | Rule | Row | Choice
type Rules = Mapping[str, Phrase]

SILENCE = Row(())


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase found in words.

    Attributes:
        end: the index behind its last word.
        slots: the words of each slot.
    """

    end: int
    slots: Mapping[str, tuple[str, ...]]


def parse(pattern: str) -> Phrase:
    """The phrase that a pattern describes.

    Raises:
        ValueError: it describes none; the message says what stands where.
    """
    reader = _Reader(pattern)
    phrase = reader.choice("")
    if phrase == SILENCE:
        raise ValueError("is empty")
    return phrase


def jsgf(phrase: Phrase) -> str:
    """The phrase in the Java Speech Grammar Format."""
    match phrase:
        case Word():
            return phrase.text
        case Rule():
            return f"<{phrase.name}>"
        case Row():
            return " ".join(jsgf(part) for part in phrase.parts)
        case Choice():
            spoken = " | ".join(jsgf(option) for option in phrase.options if option != SILENCE)
            return f"[{spoken}]" if SILENCE in phrase.options else f"({spoken})"
        case _:
            assert_never(phrase)


def find(phrase: Phrase, rules: Rules, words: Sequence[str], start: int = 0) -> Iterator[Found]:
    """Every way to find the phrase in the words from `start` on."""
    match phrase:
        case Word():
            if start < len(words) and words[start] == phrase.text:
                yield Found(start + 1, {})
        case Rule():
            for found in find(rules[phrase.name], rules, words, start):
                if phrase.is_slot:
                    found = Found(found.end, {phrase.name: tuple(words[start : found.end])})
                yield found
        case Row():
            yield from _find_row(phrase.parts, rules, words, start)
        case Choice():
            for option in phrase.options:
                yield from find(option, rules, words, start)
        case _:
            assert_never(phrase)


def _find_row(
    parts: Sequence[Phrase], rules: Rules, words: Sequence[str], start: int
) -> Iterator[Found]:
    if not parts:
        yield Found(start, {})
        return
    for first in find(parts[0], rules, words, start):
        for rest in _find_row(parts[1:], rules, words, first.end):
            yield Found(rest.end, {**first.slots, **rest.slots})


def rules_in(phrase: Phrase) -> frozenset[str]:
    """The names of its rules, slots and others, without those of its rules' own."""
    match phrase:
        case Word():
            return frozenset()
        case Rule():
            return frozenset({phrase.name})
        case Row():
            return frozenset[str]().union(*map(rules_in, phrase.parts))
        case Choice():
            return frozenset[str]().union(*map(rules_in, phrase.options))
        case _:
            assert_never(phrase)


def words_in(phrase: Phrase) -> frozenset[str]:
    """Its words, without those of its rules."""
    match phrase:
        case Word():
            return frozenset({phrase.text})
        case Rule():
            return frozenset()
        case Row():
            return frozenset[str]().union(*map(words_in, phrase.parts))
        case Choice():
            return frozenset[str]().union(*map(words_in, phrase.options))
        case _:
            assert_never(phrase)


def may_be_bare(phrase: Phrase) -> bool:
    """Whether it can be said without a word of its own, as `[on] {day}` can."""
    match phrase:
        case Word():
            return False
        case Rule():
            return True
        case Row():
            return all(may_be_bare(part) for part in phrase.parts)
        case Choice():
            return any(may_be_bare(option) for option in phrase.options)
        case _:
            assert_never(phrase)


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def choice(self, opening: str) -> Phrase:
        """Alternatives up to the bracket that closes `opening`, or to the end."""
        options, parts = list[Phrase](), list[Phrase]()
        while True:
            at, token = self._at, self._next()
            closing = _CLOSING.get(opening, "")
            if token == closing or token == "|":
                if not parts and (options or opening or token):
                    raise ValueError(f"nothing stands before character {at + 1}")
                options.append(parts[0] if len(parts) == 1 else Row(tuple(parts)))
                parts = []
                if token == closing:
                    break
            elif isinstance(token, str):
                if token not in _CLOSING:
                    raise ValueError(f"character {at + 1} should not be {token or 'the end'}")
                parts.append(self.choice(token))
            else:
                parts.append(token)
        if opening == "[":
            return Choice((*options, SILENCE))
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _next(self) -> Phrase | str:
        """A word, a rule, a bracket or bar, or "" for the end."""
        rest = self._pattern[self._at :]
        if not rest.strip():
            self._at = len(self._pattern)
            return ""
        token = _TOKEN.match(rest)
        if token is None:
            self._at += len(rest) - len(rest.lstrip())
            raise ValueError(
                f'"{self._pattern[self._at]}" at character {self._at + 1} has no meaning here; '
                "write words in small letters, {slot}, (one|other) and [left out]"
            )
        self._at += token.end()
        word, slot, rule, sign = token.groups()
        if word:
            return Word(word)
        return Rule(slot or rule) if slot or rule else str(sign)

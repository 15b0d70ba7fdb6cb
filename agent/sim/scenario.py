"""A scenario: what its callers can say, and what that means, without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from agent.sim import phrases
from agent.sim.kinds import SHARED_RULES, Day, Digits, Kind, Name, Number, Time, Value
from agent.sim.phrases import Choice, Found, Phrase, Row
from agent.sim.scenario_check import Phrasebook, checked
from agent.sim.scenario_file import ScenarioFile
from agent.sim.spoken import words_of
from agent.tenants.parse import read_model

CONFIRM = "confirm"
"""Expected: yes or no, or a correction."""
MORE = "more"
"""Expected: yes or no, or anything else the scenario does."""

YES, NO, REPEAT, STOP, GOODBYE = "yes", "no", "repeat", "stop", "goodbye"
DETAILS = ""
"""The intent of a sentence that only tells slots."""

_ANSWER, _TASK, _DETAILS, _ASIDE = 8, 6, 3, 1
"""How likely the ear should think a sentence: what was asked for, and whatever else."""

_ENOUGH = 1 / 3  # of a sentence's words; with fewer understood, it is about something else
_LONGEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Understood:
    """What an utterance means.

    Attributes:
        intents: of its sentences, in order; `DETAILS` is left out.
        slots: what it told.
    """

    intents: tuple[str, ...] = ()
    slots: Mapping[str, Value] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.intents or self.slots)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something a caller can say.

    Attributes:
        intent: what it means, besides its slots.
        weight: how likely it is beside the others.
    """

    intent: str
    phrase: Phrase
    weight: int


class Scenario:
    """What callers say in one scenario.

    Attributes:
        file: all that the file says.
        rules: what its phrases refer to, by name.
    """

    def __init__(self, file: ScenarioFile, book: Phrasebook) -> None:
        self.file = file
        self._kinds, self._slots = book.kinds, book.slots
        self._tasks, self._talk, self._always = book.tasks, book.talk, book.always
        kinds = {slot: kind.phrase() for slot, kind in book.kinds.items()}
        self.rules: Mapping[str, Phrase] = {**SHARED_RULES, **kinds}

    def grammar(self, expected: str | None = None) -> str:
        """What can be heard now, in the Java Speech Grammar Format.

        Args:
            expected: as `Dialogue.expected` tells it.
        """
        sentences = self.sentences(expected)
        choices = [f"/{s.weight}/ {phrases.jsgf(s.phrase)}" for s in sentences]
        lines = ["#JSGF V1.0;", f"grammar {self.file.scenario.replace('-', '_')};"]
        lines.append(f"public <utterance> = {'\n    | '.join(choices)};")
        used = _rules_used([s.phrase for s in sentences], self.rules)
        lines.extend(f"<{name}> = {phrases.jsgf(self.rules[name])};" for name in sorted(used))
        return "\n".join(lines) + "\n"

    def sentences(self, expected: str | None = None) -> list[Sentence]:
        """What can be said now; a sentence that fits several has the meaning of the first."""
        asked = () if expected in (None, CONFIRM, MORE) else tuple(expected.split("+"))
        found = [Sentence(DETAILS, phrase, _ANSWER) for phrase in self._answers(asked)]
        always = self._always
        if expected in (None, MORE):
            found += [Sentence(name, phrase, _TASK) for name, phrase in self._tasks.items()]
        else:
            clear = Choice((always[DETAILS], *self._unasked()))
            found.append(Sentence(DETAILS, always[DETAILS], _DETAILS))
            found.append(Sentence(DETAILS, Row((always[NO], clear)), _DETAILS))
        if expected is not None:
            weight = _DETAILS if asked else _ANSWER
            found += [Sentence(intent, always[intent], weight) for intent in (YES, NO)]
        found += [Sentence(name, phrase, _ASIDE) for name, phrase in self._talk.items()]
        found += [Sentence(name, always[name], _ASIDE) for name in (REPEAT, STOP, GOODBYE)]
        return found

    def understand(self, text: str, today: date, expected: str | None = None) -> Understood:
        """What an utterance means: one sentence of the grammar, several, or parts of them.

        Args:
            today: the caller's date.
            expected: as `Dialogue.expected` tells it.
        """
        words = words_of(text)
        sentences = [s for other in (expected, None, CONFIRM) for s in self.sentences(other)]
        sentences += [Sentence(DETAILS, phrase, _DETAILS) for phrase in self._unasked()]
        return self._parts(sentences, words, today) or self._unknown_name(words, expected)

    def kind(self, slot: str) -> Kind:
        """What a slot's answer means."""
        return self._kinds[slot]

    def _answers(self, asked: Sequence[str]) -> Iterator[Phrase]:
        """Answers to a question; of the kinds that are bare numbers, the first asked for."""
        numeric = False
        for slot in asked:
            is_number = isinstance(self._kinds[slot], Number | Digits | Time)
            if numeric and is_number:
                yield from self._clear(slot)
            else:
                yield from self._slots[slot]
            numeric = numeric or is_number

    def _unasked(self) -> list[Phrase]:
        return [phrase for slot in self._slots for phrase in self._clear(slot)]

    def _clear(self, slot: str) -> list[Phrase]:
        """Answers that are clear without the question."""
        if isinstance(self._kinds[slot], Day):
            return list(self._slots[slot])
        return [phrase for phrase in self._slots[slot] if not phrases.may_be_bare(phrase)]

    def _parts(
        self, sentences: Sequence[Sentence], words: Sequence[str], today: date
    ) -> Understood:
        """The longest pieces from left to right; a whole sentence is the longest of all."""
        intents: list[str] = []
        slots: dict[str, Value] = {}
        at = covered = 0
        while at < len(words):
            found, intent = self._longest(sentences, words, at)
            told = {slot: self._kinds[slot].read(said, today) for slot, said in found.slots.items()}
            known = {slot: value for slot, value in told.items() if value is not None}
            if len(known) == len(told):  # no day is the thirtieth of February
                covered += found.end - at
                slots |= known
                intents += [intent] if intent != DETAILS else []
            at = max(found.end, at + 1)
        return Understood(tuple(intents), slots) if covered >= _ENOUGH * at else Understood()

    def _longest(
        self, sentences: Sequence[Sentence], words: Sequence[str], at: int
    ) -> tuple[Found, str]:
        """The longest piece that begins here, the first of several; an empty one if none does."""
        longest, intent = Found(at, {}), DETAILS
        for sentence in sentences:
            for found in phrases.find(sentence.phrase, self.rules, words, at):
                if found.end > longest.end:
                    longest, intent = found, sentence.intent
        return longest, intent

    def _unknown_name(self, words: Sequence[str], expected: str | None) -> Understood:
        """Whoever types can have any name, where a name was asked for."""
        for slot in (expected or "").split("+"):
            if slot in self._kinds and isinstance(self._kinds[slot], Name):
                before = frozenset[str]().union(*map(phrases.words_in, self._slots[slot]))
                name = [word for word in words if word not in before]
                if 0 < len(name) <= _LONGEST_NAME:
                    return Understood((), {slot: " ".join(name).title()})
        return Understood()


def read_scenario(raw: bytes | str, path: str) -> Scenario:
    """Read a scenario's file.

    Args:
        raw: its content.
        path: its name, for messages.

    Raises:
        ConfigError: every problem on a line of its own, as `path:line:col: field: message`.
    """
    file = read_model(raw, path, ScenarioFile)
    return Scenario(file.model, checked(file))


def _rules_used(said: Sequence[Phrase], rules: Mapping[str, Phrase]) -> set[str]:
    used: set[str] = set()
    todo = [name for phrase in said for name in phrases.rules_in(phrase)]
    while todo:
        name = todo.pop()
        if name not in used:
            used.add(name)
            todo.extend(phrases.rules_in(rules[name]))
    return used

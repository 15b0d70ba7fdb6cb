"""The phrases of a scenario's file, read and checked against its slots; without I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from agent.errors import ConfigError
from agent.sim import phrases
from agent.sim.kinds import Day, Digits, Kind, Name, Number, Selection, Time
from agent.sim.phrases import Choice, Phrase
from agent.sim.scenario_file import ScenarioFile, SlotFile
from agent.tenants.parse import ModelFile

RESERVED = frozenset({"yes", "no", "repeat", "stop", "goodbye", "confirm", "more"})

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """The phrases of a scenario.

    Attributes:
        kinds: what each slot's answer means.
        slots: the ways to answer each slot's question.
        tasks, talk: how callers ask for each.
        always: what can be said at any time, by intent; details have the empty one.
    """

    kinds: dict[str, Kind] = field(default_factory=dict)
    slots: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)
    tasks: dict[str, Phrase] = field(default_factory=dict)
    talk: dict[str, Phrase] = field(default_factory=dict)
    always: dict[str, Phrase] = field(default_factory=dict)


def checked(file: ModelFile[ScenarioFile]) -> Phrasebook:
    """The phrases of a file.

    Raises:
        ConfigError: with every problem.
    """
    check = _Check(file)
    book = check.book()
    check.references()
    if check.problems:
        raise ConfigError(*check.problems)
    return book


class _Check:
    """One file's."""

    def __init__(self, file: ModelFile[ScenarioFile]) -> None:
        self.problems: list[str] = []
        self._file, self._model = file, file.model

    def book(self) -> Phrasebook:
        """Every phrase that can be read."""
        model, book = self._model, Phrasebook()
        for name, slot in model.slots.items():
            self._add(book.kinds, name, self._kind(f"slots.{name}", slot))
            book.slots[name] = tuple(
                self._patterns(f"slots.{name}.phrases", slot.phrases, {name}, must=True)
            )
        for name, task in model.tasks.items():
            self._choice(book.tasks, name, f"tasks.{name}.phrases", task.phrases, set(task.slots))
        for name, talk in model.talk.items():
            self._choice(book.talk, name, f"talk.{name}.phrases", talk.phrases, set())
        said = model.phrases
        for name, patterns in (("yes", said.yes), ("no", said.no), ("repeat", said.repeat)):
            self._choice(book.always, name, f"phrases.{name}", patterns, set())
        self._choice(book.always, "", "phrases.details", said.details, set(model.slots))
        for name, talk in (("stop", model.stop), ("goodbye", model.goodbye)):
            self._choice(book.always, name, f"{name}.phrases", talk.phrases, set())
        return book

    def references(self) -> None:
        """Every name stands for something, and every template can be filled."""
        model = self._model
        names = [
            (f"{kind}.{name}", name)
            for kind in ("slots", "tasks", "talk")
            for name in getattr(model, kind)
        ]
        for place, name in names:
            if name in RESERVED or [n for _, n in names].count(name) > 1:
                self._problem(place, f'"{name}" has a meaning already; choose another name')
        for name, task in model.tasks.items():
            place = f"tasks.{name}"
            self._known(f"{place}.slots", task.slots, model.slots)
            self._fields(f"{place}.confirm", task.confirm, task.slots)
            self._fields(f"{place}.filler", task.filler, task.slots)
            for status, result in task.results.items():
                self._known(f"{place}.results.{status}.change", result.change, task.slots)
                then = () if result.then is None else (result.then,)
                self._known(f"{place}.results.{status}.then", then, model.tasks)

    def _kind(self, place: str, slot: SlotFile) -> Kind | None:
        kind: Kind
        match slot.type:
            case "number":
                kind = Number(slot.least, slot.most)
            case "day":
                kind = Day()
            case "time":
                kind = Time(slot.earliest, slot.latest)
            case "digits":
                kind = Digits(slot.length)
            case "name":
                for key, names in (("first", slot.first), ("last", slot.last)):
                    self._given(f"{place}.{key}", names)
                kind = Name(slot.first or (), slot.last or ())
            case "choice":
                self._given(f"{place}.values", slot.values)
                kind = Selection(slot.values or {})
            case _:
                assert_never(slot.type)
        try:
            kind.phrase()
        except ValueError as error:
            self._problem(place, f"what it takes cannot be said: {error}")
            return None
        return kind

    def _given(self, place: str, value: object) -> None:
        if not value:
            self._problem(place, "is missing")

    def _add(self, kinds: dict[str, Kind], name: str, kind: Kind | None) -> None:
        if kind is not None:
            kinds[name] = kind

    def _choice(
        self,
        into: dict[str, Phrase],
        name: str,
        place: str,
        patterns: Iterable[str],
        slots: set[str],
    ) -> None:
        options = tuple(self._patterns(place, patterns, slots))
        into[name] = options[0] if len(options) == 1 else Choice(options)

    def _patterns(
        self, place: str, patterns: Iterable[str], slots: set[str], *, must: bool = False
    ) -> Iterator[Phrase]:
        for index, pattern in enumerate(patterns):
            at = f"{place}[{index}]"
            try:
                phrase = phrases.parse(pattern)
            except ValueError as error:
                self._problem(at, str(error))
                continue
            self._known(at, phrases.rules_in(phrase), slots)
            if must and not slots <= phrases.rules_in(phrase):
                self._problem(at, f"does not contain {{{', '.join(slots)}}}")
            yield phrase

    def _known(
        self, place: str, names: Iterable[str], known: Mapping[str, object] | Iterable[str]
    ) -> None:
        known = set(known)
        for name in sorted(set(names) - known):
            there = ", ".join(sorted(known)) or "none"
            self._problem(place, f'there is no "{name}" here; there is: {there}')

    def _fields(self, place: str, text: str | None, known: Iterable[str]) -> None:
        self._known(place, _FIELD.findall(text or ""), known)

    def _problem(self, place: str, message: str) -> None:
        self.problems.append(self._file.problem(place, message))

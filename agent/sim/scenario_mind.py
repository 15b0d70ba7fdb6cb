"""A scenario's dialogue as the mind of a session, without I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from copy import copy
from datetime import date
from functools import cache
from typing import Any

from agent.sim.dialogue import CallTools, Dialogue, Move, Stage
from agent.sim.scenario import Scenario
from agent.sim.service_texts import json_object, read_service_text

_grammar = cache(Scenario.grammar)
_ANSWERED = re.compile(r"\((\w+) answered: (\{.*?\})\)")  # agent.gemini.history


class ScenarioMind:
    """Answers as the scenario says, and tells the ear what may come next.

    Args:
        today: the caller's date.
        tools: the functions declared in the session.
    """

    def __init__(self, scenario: Scenario, today: date, tools: Collection[str]) -> None:
        self._scenario = scenario
        self._dialogue = Dialogue(scenario, today, tools)

    def __copy__(self) -> ScenarioMind:
        twin = object.__new__(ScenarioMind)
        twin._scenario, twin._dialogue = self._scenario, copy(self._dialogue)
        return twin

    @property
    def grammar(self) -> str:
        """What fits the question that was asked last."""
        return _grammar(self._scenario, self._dialogue.expected)

    def greeting(self, text: str) -> Move:
        """The session was opened with a typed text."""
        return self._dialogue.greeting(text)

    def heard(self, text: str) -> Move:
        """The caller said, or somebody typed, this."""
        return self._dialogue.heard(text)

    def read(self, role: str, text: str) -> None:
        """History: what the caller said and what functions answered in an earlier session.

        The model's own words follow from these; what means nothing here is passed over.
        """
        if role == "user" and read_service_text(text) is None:
            asked = copy(self._dialogue)
            move = asked.heard(text)
            if isinstance(move, CallTools):
                asked.stage = Stage.CONFIRMING  # its answer is in the history too, or is lost
            if asked.n_missed == 0:
                self._dialogue = asked
        for name, result in _ANSWERED.findall(text):
            self._dialogue.tool_result(name, json_object(result))

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """A function answered."""
        return self._dialogue.tool_result(name, response)


def scenario_for(scenarios: Collection[Scenario], tools: Collection[str]) -> Scenario:
    """The scenario that calls most of the functions declared; the first of equals."""
    return max(scenarios, key=lambda scenario: len(calls_of(scenario) & set(tools)))


def calls_of(scenario: Scenario) -> set[str]:
    """The functions a scenario calls."""
    return {task.call for task in scenario.file.tasks.values()}

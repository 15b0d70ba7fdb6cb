"""A scenario's dialogue as the mind of a session, without I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from datetime import date
from functools import cache
from typing import Any

from agent.sim.dialogue import Dialogue, Move
from agent.sim.scenario import Scenario

_grammar = cache(Scenario.grammar)


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

    def tool_result(self, name: str, response: Mapping[str, Any]) -> Move:
        """A function answered."""
        return self._dialogue.tool_result(name, response)


def scenario_for(scenarios: Collection[Scenario], tools: Collection[str]) -> Scenario:
    """The scenario that calls most of the functions declared; the first of equals."""
    return max(scenarios, key=lambda scenario: len(calls_of(scenario) & set(tools)))


def calls_of(scenario: Scenario) -> set[str]:
    """The functions a scenario calls."""
    return {task.call for task in scenario.file.tasks.values()}

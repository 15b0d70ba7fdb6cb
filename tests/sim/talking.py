"""What the tests of scenario and dialogue share: the shipped scenarios, and sentences of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import assert_never

from agent.sim.phrases import Choice, Phrase, Row, Rule, Word
from agent.sim.scenario import Scenario, read_scenario

TODAY = date(2026, 11, 21)  # a Saturday
FOLDER = Path(__file__).parents[2] / "config" / "scenarios"
SCENARIOS = ("restaurant", "shop")


@cache
def scenario(name: str = "restaurant") -> Scenario:
    path = FOLDER / f"{name}.yaml"
    return read_scenario(path.read_bytes(), path.name)


def sentence(
    phrase: Phrase, rules: Mapping[str, Phrase], choose: Callable[[int], int]
) -> tuple[list[str], dict[str, list[str]]]:
    """One way to say a phrase, with the words of its slots; `choose(n)` is one of 0 to n - 1."""
    match phrase:
        case Word():
            return [phrase.text], {}
        case Rule():
            words, slots = sentence(rules[phrase.name], rules, choose)
            return words, {phrase.name: words} if phrase.is_slot else slots
        case Choice():
            return sentence(phrase.options[choose(len(phrase.options))], rules, choose)
        case Row():
            words, slots = [], {}
            for part in phrase.parts:
                said, told = sentence(part, rules, choose)
                words += said
                slots |= told
            return words, slots
        case _:
            assert_never(phrase)

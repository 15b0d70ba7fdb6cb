"""The mind that remembers a secret word."""

from copy import copy

import pytest

from agent.sim.dialogue import CallTools, Say
from agent.sim.memory_mind import MemoryMind
from agent.sim.mind import Mind, Reader

ASKED = "What is the secret word?"


def test_a_word_is_remembered() -> None:
    mind = MemoryMind()
    assert mind.greeting(ASKED) == Say("Nobody has told me a secret word.")
    assert mind.heard("The SECRET WORD is heliotrope.") == Say("I will remember heliotrope.")
    assert mind.heard(ASKED) == Say("The secret word is heliotrope.")


@pytest.mark.parametrize("role", ["user", "model", "system"])
def test_a_word_that_was_handed_over_is_known(role: str) -> None:
    mind = MemoryMind()
    assert isinstance(mind, Reader)
    mind.read(role, "Good morning.")
    mind.read(role, "The secret word is heliotrope.")
    assert mind.heard(ASKED) == Say("The secret word is heliotrope.")


def test_a_copy_goes_its_own_way() -> None:
    mind: Mind = MemoryMind()
    mind.heard("The secret word is heliotrope.")
    kept = copy(mind)
    mind.heard("The secret word is marigold.")
    assert kept.heard(ASKED) == Say("The secret word is heliotrope.")


def test_a_function_is_called_by_its_name() -> None:
    mind = MemoryMind(["book_table", "room_temperature"])
    said = "What is the Room Temperature?"
    assert mind.heard(said) == CallTools((("room_temperature", {}),))
    assert mind.heard("Is the room cold?") == Say("You said: Is the room cold?")
    assert mind.tool_result("f", {"output": 21.5}) == Say("f says: 21.5.")
    assert mind.tool_result("f", {"error": "no"}) == Say("f says: {'error': 'no'}.")

from math import inf

from agent.call.keypad import LONGEST_ENTRY, PAUSE_S, Keypad


def test_an_entry_ends_with_a_pause() -> None:
    keys = Keypad()
    keys.press("1", 0.0)
    keys.press("2", 1.0)
    assert keys.due(1.4) == ""
    assert keys.deadline == 1.0 + PAUSE_S
    assert keys.due(keys.deadline) == "12"
    assert keys.deadline == inf


def test_an_entry_ends_with_the_hash_key_or_when_it_is_too_long() -> None:
    keys = Keypad()
    keys.press("7", 0.0)
    keys.press("#", 0.1)
    assert keys.due(0.1) == "7#"
    for _ in range(LONGEST_ENTRY):
        keys.press("0", 0.2)
    assert keys.due(0.2) == "0" * LONGEST_ENTRY

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from agent.call.keypad import PLAIN, Entry, KeyAct, Keypad, KeyPlan

PERSON = KeyAct("say", "The caller wants a person.")
AGAIN = KeyAct("repeat", "Say it again.")
ACTS = {"0": PERSON, "*": AGAIN}
TOLD = KeyPlan(pause_s=2.0, most=4, acts=ACTS)
SILENT = KeyPlan(pass_on=False, pause_s=2.0, acts=ACTS)


def pressed(keys: Keypad, text: str, at: float, every: float = 0.25) -> list[bool]:
    return [keys.press(key, at + every * n) for n, key in enumerate(text)]


def test_an_entry_ends_with_a_pause() -> None:
    keys = Keypad()
    assert keys.press("1", 0.0)
    assert keys.press("2", 1.0)
    assert keys.due(1.4) is None
    assert keys.deadline == 1.0 + PLAIN.pause_s
    assert keys.due(keys.deadline) == Entry("12")
    assert keys.deadline == inf


def test_an_entry_ends_with_the_end_key_or_when_it_is_too_long() -> None:
    keys = Keypad()
    pressed(keys, "7#", 0.0, 0.1)
    assert keys.due(0.1) == Entry("7#")
    pressed(keys, "1" * PLAIN.most, 0.2, 0.0)
    assert keys.due(0.2) == Entry("1" * PLAIN.most)


def test_another_key_can_end_entries() -> None:
    keys = Keypad(KeyPlan(end="*"))
    pressed(keys, "1#2*", 0.0)
    assert keys.due(0.75) == Entry("1#2*")


def test_a_mapped_key_acts_once_nothing_has_followed_it() -> None:
    keys = Keypad(TOLD)
    keys.press("0", 0.0)
    assert keys.due(1.9) is None
    assert keys.due(2.0) == Entry("0", PERSON)


def test_a_mapped_key_acts_at_once_when_the_end_key_follows() -> None:
    keys = Keypad(TOLD)
    pressed(keys, "0#", 0.0)
    assert keys.due(0.25) == Entry("0#", PERSON)


def test_a_mapped_key_within_a_number_is_part_of_it() -> None:
    for number in ("01", "10", "00", "0*", "102#"):
        keys = Keypad(TOLD)
        pressed(keys, number, 0.0)
        assert keys.due(10.0) == Entry(number)


def test_with_entries_of_one_key_a_mapped_key_acts_at_once() -> None:
    keys = Keypad(KeyPlan(most=1, acts=ACTS))
    keys.press("0", 0.0)
    assert keys.due(0.0) == Entry("0", PERSON)
    keys.press("5", 0.1)
    assert keys.due(0.1) == Entry("5")


def test_the_end_key_after_a_full_entry_still_belongs_to_it() -> None:
    keys = Keypad(TOLD)
    pressed(keys, "1234", 0.0)
    assert keys.due(0.75) == Entry("1234")
    assert not keys.press("#", 2.5)
    assert keys.deadline == inf
    assert keys.press("#", 2.75)
    assert keys.due(2.75) == Entry("#")


def test_what_follows_a_full_entry_is_another_one() -> None:
    keys = Keypad(TOLD)
    pressed(keys, "1234", 0.0)
    assert keys.due(0.75) == Entry("1234")
    pressed(keys, "5#", 1.0)
    assert keys.due(1.25) == Entry("5#")


def test_where_the_model_is_not_told_a_mapped_key_acts_at_once_and_others_are_ignored() -> None:
    keys = Keypad(SILENT)
    assert not keys.press("7", 0.0)
    assert keys.deadline == inf
    assert keys.press("0", 2.0)
    assert keys.due(2.0) == Entry("0", PERSON)
    assert keys.due(9.0) is None


def test_where_the_model_is_not_told_only_the_first_of_hasty_keys_acts() -> None:
    keys = Keypad(SILENT)
    assert pressed(keys, "0*0", 0.0) == [True, False, False]
    assert keys.due(0.5) == Entry("0", PERSON)
    assert pressed(keys, "10", 3.0) == [False, False]  # not alone
    assert pressed(keys, "1#*", 6.0) == [False, False, True]  # the end key ended what was ignored
    assert keys.due(6.5) == Entry("*", AGAIN)


def test_with_nothing_mapped_and_nobody_told_every_key_is_ignored() -> None:
    keys = Keypad(KeyPlan(pass_on=False))
    assert pressed(keys, "0123456789*#ABCD", 0.0) == [False] * 16
    assert keys.due(99.0) is None


@given(st.lists(st.tuples(st.sampled_from("0123456789*#ABCD"), st.floats(0.0, 5.0))))
def test_every_key_is_of_one_entry_or_said_to_be_ignored(presses: list[tuple[str, float]]) -> None:
    keys, now, taken, given_out = Keypad(TOLD), 0.0, "", ""
    for key, wait in presses:
        now += wait
        if keys.deadline <= now:
            entry = keys.due(keys.deadline)
            assert entry is not None
            given_out += entry.keys
        taken += key if keys.press(key, now) else ""
        entry = keys.due(now)
        if entry is not None:
            assert len(entry.keys) <= TOLD.most
            given_out += entry.keys
    entry = keys.due(now + TOLD.pause_s)
    assert given_out + (entry.keys if entry else "") == taken

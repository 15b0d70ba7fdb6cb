"""Which handle is resumed with, and what it knows."""

from agent.gemini.handles import MOST_KNOWN, Handles, Knows

NOTHING = Knows(0, 0)


def test_the_newest_is_resumed_with_unless_another_is_chosen() -> None:
    handles = Handles("from-before")
    assert (handles.chosen, handles.knows, handles.count) == ("from-before", NOTHING, 0)
    assert [handles.came("a", 100), handles.came("b", 200)] == [1, 2]
    assert (handles.chosen, handles.knows) == ("b", Knows(2, 200))
    handles.choose("a")
    assert (handles.chosen, handles.knows, handles.decided) == ("a", Knows(1, 100), True)


def test_one_that_was_never_given_knows_nothing() -> None:
    handles = Handles(None)
    handles.came("a", 100)
    handles.choose("foreign")
    assert handles.knows == NOTHING
    handles.choose(None)
    assert handles.knows == NOTHING


def test_one_that_is_given_again_knows_what_the_newest_knows() -> None:
    handles = Handles(None)
    for handle, covered in (("a", 1), ("b", 2), ("a", 3)):
        handles.came(handle, covered)
    assert handles.knows == Knows(3, 3)


def test_of_very_many_the_oldest_are_forgotten() -> None:
    handles = Handles(None)
    for number in range(MOST_KNOWN + 1):
        handles.came(str(number), number)
    handles.choose("0")
    assert handles.knows == NOTHING
    handles.choose("1")
    assert handles.knows == Knows(2, 1)
